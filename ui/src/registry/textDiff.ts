// The whole of a registry diff as lines of text, as a reviewer reads a change of a file. Owns the
// order and that nothing is missing: every id, field, grant and need of the diff has its line.
import type { CapabilityEntry, FieldChange, RegistryDiff } from '../bindings/more';

export interface DiffLine {
  sign: '+' | '-' | ' ';
  text: string;
}

const json = (value: unknown) => JSON.stringify(value);

function entry(sign: '+' | '-', one: CapabilityEntry): DiffLine[] {
  return JSON.stringify(one, null, 2)
    .split('\n')
    .map((text) => ({ sign, text }));
}

function field(one: FieldChange): DiffLine[] {
  if (Array.isArray(one.before) && Array.isArray(one.after)) {
    const before = one.before as unknown[];
    const after = one.after as unknown[];
    const kept = before.filter((value) => after.some((other) => json(other) === json(value)));
    const line = (sign: DiffLine['sign']) => (value: unknown) => ({
      sign,
      text: `    ${json(value)}`,
    });
    const not = (list: readonly unknown[]) => (value: unknown) =>
      !list.some((other) => json(other) === json(value));
    return [
      { sign: ' ', text: `  ${json(one.field)}: [` },
      ...kept.map(line(' ')),
      ...before.filter(not(after)).map(line('-')),
      ...after.filter(not(before)).map(line('+')),
      { sign: ' ', text: '  ]' },
    ];
  }
  return [
    { sign: '-', text: `  ${json(one.field)}: ${json(one.before)}` },
    { sign: '+', text: `  ${json(one.field)}: ${json(one.after)}` },
  ];
}

function lists(lost: readonly string[], gained: readonly string[]): DiffLine[] {
  return [
    ...lost.map((id) => ({ sign: '-' as const, text: `  ${json(id)}` })),
    ...gained.map((id) => ({ sign: '+' as const, text: `  ${json(id)}` })),
  ];
}

/** Parts of the diff, each under its own head. */
export function textDiff(diff: RegistryDiff): { head: string; lines: DiffLine[] }[] {
  const parts = [
    ...diff.removed.map((one) => ({ head: one.capability_id, lines: entry('-', one) })),
    ...diff.added.map((one) => ({ head: one.capability_id, lines: entry('+', one) })),
    ...diff.renamed.map((one) => ({
      head: `${one.from} → ${one.to}`,
      lines: one.fields.flatMap(field),
    })),
    ...diff.changed.map((one) => ({ head: one.capability_id, lines: one.fields.flatMap(field) })),
    ...diff.profiles.map((one) => ({
      head: `profile ${one.profile_id} (${one.change})`,
      lines: [
        ...(one.description === null
          ? []
          : field({
              field: 'description',
              before: one.description[0],
              after: one.description[1],
              gained: [],
              lost: [],
            })),
        ...lists(one.lost, one.gained),
      ],
    })),
    ...diff.engines.map((one) => ({
      head: `engine ${one.engine_id} (${one.change})`,
      lines: lists(one.lost, one.gained),
    })),
  ];
  return parts;
}
