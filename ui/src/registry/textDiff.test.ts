import { expect, it } from 'vitest';
import type { CapabilityEntry, RegistryDiff } from '../bindings/more';
import { textDiff } from './textDiff';

const entry = (capability_id: string): CapabilityEntry => ({
  capability_id,
  kind: 'runtime',
  display_name: `what ${capability_id} is`,
  section_ref: 'spec.md#a',
  required_capabilities: [],
  default_governance_mode: 'gov_standard',
  risk_class: 'low',
  tags: [],
});

/** As random as it has to be, and the same every time. */
function numbers(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

function generated(seed: number): RegistryDiff {
  const next = numbers(seed);
  const some = (what: string) =>
    Array.from({ length: next() % 5 }, (_, at) => `${what}.n${seed}x${at}`);
  return {
    schema_version: 'rf-1.0',
    base: { capability_registry_version: '1.0.0', registry_sha256: '', profiles_sha256: '' },
    next: {
      capability_registry_version: '2.0.0',
      draft_sha256: '',
      registry_sha256: '',
      profiles_sha256: '',
    },
    bump: 'major',
    added: some('added').map(entry),
    removed: some('removed').map(entry),
    renamed: [],
    changed: some('changed').map((capability_id) => ({
      capability_id,
      marks: [],
      fields: [
        { field: 'risk_class', before: 'low', after: 'high', gained: [], lost: [] },
        {
          field: 'required_capabilities',
          before: ['kept', ...some('lostneed')],
          after: ['kept', ...some('newneed')],
          gained: [],
          lost: [],
        },
      ],
    })),
    profiles: some('profile').map((profile_id) => ({
      profile_id,
      change: 'changed' as const,
      description: null,
      gained: some('grant'),
      lost: some('lostgrant'),
      marks: [],
    })),
    engines: some('engine').map((engine_id) => ({
      engine_id,
      change: 'changed' as const,
      gained: some('need'),
      lost: [],
      marks: [],
    })),
    added_rights: [],
    sentences: [],
  };
}

it('leaves no added right out, in 1,000 generated diffs (P31)', () => {
  for (let seed = 0; seed < 1_000; seed += 1) {
    const diff = generated(seed);
    const plus = textDiff(diff)
      .flatMap((part) => part.lines)
      .filter((line) => line.sign === '+')
      .map((line) => line.text)
      .join('\n');
    const rights = [
      ...diff.added.map((one) => one.capability_id),
      ...diff.profiles.flatMap((one) => one.gained),
      ...diff.engines.flatMap((one) => one.gained),
      ...diff.changed.flatMap((one) =>
        one.fields.flatMap((field) =>
          Array.isArray(field.after)
            ? (field.after as string[]).filter((id) => !(field.before as string[]).includes(id))
            : [],
        ),
      ),
    ];
    for (const right of rights) expect(plus).toContain(`"${right}"`);
  }
});

it('marks what stays as what stays', () => {
  const [part] = textDiff({
    ...generated(0),
    added: [],
    removed: [],
    profiles: [],
    engines: [],
    changed: [
      {
        capability_id: 'a',
        marks: [],
        fields: [{ field: 'tags', before: ['x', 'y'], after: ['y', 'z'], gained: [], lost: [] }],
      },
    ],
  });
  expect(part?.lines.map((line) => line.sign + line.text.trim())).toEqual([
    ' "tags": [',
    ' "y"',
    '-"x"',
    '+"z"',
    ' ]',
  ]);
});
