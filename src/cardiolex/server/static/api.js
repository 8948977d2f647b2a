// Requests to the server that this page came from; nothing is asked anywhere else.

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const token = {
  get: () => sessionStorage.getItem('token'),
  set: value => sessionStorage.setItem('token', value),
};
export const setToken = token.set;

async function send(path, options) {
  const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused(0, 'The server does not answer. Is it still running?');
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body.detail || response.statusText);
  return body;
}

export const get = path => send(path, {});

// `recording` is {files} or {sample}; `fields` are form fields, lists joined as the API parts them.
export function post(path, recording, fields = {}, signal = undefined) {
  const form = new FormData();
  for (const file of recording.files || []) form.append('files', file, file.name);
  if (recording.sample) form.append('sample', recording.sample);
  for (const [name, value] of Object.entries({ ...recording.stated, ...fields })) {
    if (value === null || value === undefined) continue;
    form.append(name, Array.isArray(value) ? value.join('\n') : String(value));
  }
  return send(path, { method: 'POST', body: form, signal });
}
