// What is in the file: quality warnings, repairs, measurements.
import { html } from './ui.js';

const WORDS = {
  heart_rate: 'Heart rate', pr_interval: 'PR', p_duration: 'P', qrs_duration: 'QRS', qt_interval: 'QT',
  qtc_bazett: 'QTc (Bazett)', qtc_fridericia: 'QTc (Fridericia)', qrs_axis: 'QRS axis',
  t_axis: 'T axis', p_axis: 'P axis', sokolow_lyon: 'Sokolow-Lyon', cornell: 'Cornell',
};
const UNITS = { '/min': 'bpm', deg: '°' };

export function Warnings({ facts }) {
  if (!facts.warnings.length) return html`<p class="good">No signal-quality warning.</p>`;
  return html`<div class="warnings" role="note"><strong>Signal quality</strong>
    <ul>${facts.warnings.map(one => html`<li>${one}</li>`)}</ul></div>`;
}

export function Notes({ facts }) {
  const said = [...facts.notes];
  if (facts.other_channels.length) said.push(`other channels, not shown: ${facts.other_channels.join(', ')}`);
  if (!said.length) return null;
  return html`<details class="notes"><summary>What was repaired or assumed (${said.length})</summary>
    <ul>${said.map(one => html`<li>${one}</li>`)}</ul></details>`;
}

export function Measurements({ slots }) {
  const names = slots[0].facts.measurements.map(one => one.name);
  const cell = (slot, name) => {
    const one = slot.facts.measurements.find(row => row.name === name);
    if (one.value === null) return 'not measurable';
    const digits = one.unit === 'mV' ? 2 : 0;
    return `${one.value.toFixed(digits)} ${UNITS[one.unit] || one.unit}`;
  };
  return html`<table class="measurements">
    <caption>Measured automatically; a physician has to check it.</caption>
    ${slots.length > 1 && html`<thead><tr><th scope="col"></th>${slots.map(slot => html`<th scope="col">${slot.id}</th>`)}</tr></thead>`}
    <tbody>${names.map(name => html`<tr><th scope="row" title=${slots[0].facts.measurements.find(row => row.name === name).meaning}>${WORDS[name] || name}</th>
      ${slots.map(slot => html`<td>${cell(slot, name)}</td>`)}</tr>`)}</tbody>
  </table>`;
}
