// One recording on the page: what was opened, what is in it, what the model says.
import { useCallback, useEffect, useRef, useState } from './vendor/preact-hooks.js';
import { post } from './api.js';

export const PIECE_S = 10;

// `asked`: conditions (null: not known yet); `used`: leads switched on; `condition`: whose evidence.
export function useSlot(id, asked, used, condition, fail) {
  const [slot, setSlot] = useState(null);
  const [busy, setBusy] = useState(false);
  const opening = useRef(0);
  const change = useCallback(
    (source, more) => setSlot(old => (old && old.source === source ? { ...old, ...more } : old)), [],
  );

  const open = useCallback(async source => {
    const turn = ++opening.current;
    fail(null);
    setBusy(true);
    try {
      const facts = await post('/v1/inspect', source, { with_signal: true, seconds: PIECE_S });
      if (turn === opening.current) setSlot({ id, source, facts, from: 0 });
    } catch (error) { if (turn === opening.current) fail(error); }
    if (turn === opening.current) setBusy(false);
  }, [id, fail]);
  const close = useCallback(() => { opening.current++; setSlot(null); }, []);

  const source = slot && slot.source;
  const present = slot ? slot.facts.leads : [];
  const leads = present.filter(lead => used.includes(lead));
  const fewer = leads.length < present.length;
  const key = leads.join(' ');

  const request = (path, wanted, fields, name) => {
    if (!source || !wanted) return undefined;
    const abort = new AbortController();
    const wait = setTimeout(async () => {
      try {
        change(source, { [name]: await post(path, source, fields, abort.signal) });
      } catch (error) {
        if (error.name === 'AbortError') return;
        if (name === 'explanation') change(source, { explanation: { failed: error.message } });
        else fail(error);
      }
    }, name === 'all' ? 0 : 120);
    return () => { clearTimeout(wait); abort.abort(); };
  };

  useEffect(() => request('/v1/interpret', asked, { conditions: asked }, 'all'), [source, asked]);
  useEffect(() => {
    if (!fewer) { change(source, { chosen: null }); return undefined; }
    return request('/v1/interpret', asked && leads.length, { conditions: asked, leads }, 'chosen');
  }, [source, asked, key]);
  useEffect(() => {
    change(source, { explanation: null });
    const fields = { condition, leads: fewer ? leads : null };
    return request('/v1/explain', condition && leads.length, fields, 'explanation');
  }, [source, condition, key]);

  const turnTo = useCallback(async from => {
    const fields = { with_signal: true, from_s: from, seconds: PIECE_S };
    try {
      change(source, { facts: await post('/v1/inspect', source, fields), from });
    } catch (error) { fail(error); }
  }, [source, fail]);

  return { slot, busy, leads, fewer, key, open, close, turnTo };
}
