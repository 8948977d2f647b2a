// Where each lead stands on the paper. Lengths in millimetres: 25 mm are 1 s, 10 mm are 1 mV.
import { LEADS } from './ui.js';

export const MM_PER_S = 25;
export const MM_PER_MV = 10;
export const LEFT = 10; // for the calibration pulse
export const LAYOUTS = ['3x4+rhythm', '6x2', '12x1', 'recorded leads'];

const RHYTHM = ['II', 'V1', 'V5', 'I'];

function rows(name, present) {
  if (name === '12x1') return LEADS.map(lead => [lead]);
  if (name === '6x2') return [0, 1, 2, 3, 4, 5].map(i => [LEADS[i], LEADS[i + 6]]);
  if (name === '3x4+rhythm') return [0, 1, 2].map(i => [0, 3, 6, 9].map(j => LEADS[i + j]));
  return present.map(lead => [lead]);
}

// Cells {lead, x, y, width, height, from, seconds}: `from` counts from the first second shown,
// `y` is the line of 0 mV. Columns follow one another in time, above the rhythm strip.
export function arrange(name, present, seconds) {
  const grid = rows(name, present);
  const height = { '3x4+rhythm': 26, '6x2': 22, '12x1': 17 }[name] || (grid.length > 4 ? 25 : 32);
  const columns = grid[0].length;
  const piece = seconds / columns;
  const cells = [];
  grid.forEach((leads, row) => leads.forEach((lead, column) => {
    cells.push({
      lead, row, from: column * piece, seconds: piece,
      x: LEFT + column * piece * MM_PER_S, width: piece * MM_PER_S,
      y: 4 + height * (row + 0.5), height,
    });
  }));
  let count = grid.length;
  const rhythm = RHYTHM.concat(present).find(lead => present.includes(lead));
  if (name === '3x4+rhythm' && rhythm) {
    cells.push({
      lead: rhythm, row: count, from: 0, seconds, x: LEFT, width: seconds * MM_PER_S,
      y: 4 + height * (count + 0.5), height, rhythm: true,
    });
    count += 1;
  }
  return { cells, width: LEFT + seconds * MM_PER_S + 2, height: count * height + 8 };
}

// An SVG path of a cell's samples (whole microvolts, null = missing).
export function trace(cell, values, fs) {
  const first = Math.max(0, Math.round(cell.from * fs));
  const last = Math.min(values.length, Math.round((cell.from + cell.seconds) * fs) + 1);
  const parts = [];
  let pen = false;
  for (let i = first; i < last; i++) {
    if (values[i] === null) { pen = false; continue; }
    const x = cell.x + (i / fs - cell.from) * MM_PER_S;
    const y = cell.y - values[i] / 1000 * MM_PER_MV;
    parts.push(`${pen ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`);
    pen = true;
  }
  return parts.join('');
}
