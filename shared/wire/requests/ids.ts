import * as z from 'zod';
import { type IdKind, PREFIX } from '../../domain/ids.ts';

/** An id of that kind, checked no further than its prefix: imported ids may look otherwise behind it. */
export const idOf = (kind: IdKind) =>
  z.string().check((ctx) => {
    const prefix = PREFIX[kind].slice(0, -1);
    if (ctx.value.startsWith(prefix)) return;
    ctx.issues.push({ code: 'custom', input: ctx.value, params: { rule: 'id_prefix', prefix } });
  });
