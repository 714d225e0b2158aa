import type { ReactNode } from 'react';
import type { Mark, FieldChange, RegistryDiff } from '../bindings/more';
import { Card } from '../shared/Card';
import { useKept } from '../shared/kept';
import { Said } from '../shared/Said';
import { Section } from '../shared/Screen';
import { Toggle } from '../shared/Toolbar';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { textDiff } from './textDiff';
import { fieldWord, MARKS, valueText } from './words';
import styles from './Registry.module.css';

type As = 'words' | 'fields' | 'text';
const WAYS: readonly (readonly [As, string])[] = [
  ['words', 'In plain words'],
  ['fields', 'Field by field'],
  ['text', 'As text'],
];
const isAs = (value: unknown): value is As => WAYS.some(([as]) => as === value);

/** The same diff three ways; each is the whole of it. */
export function Changes({ diff }: { diff: RegistryDiff }) {
  const [as, setAs] = useKept<As>('registry.diff', 'words', isAs);
  return (
    <Section
      title="What changes"
      actions={
        <div className={styles.ways} role="group" aria-label="How the diff is shown">
          {WAYS.map(([way, word]) => (
            <Toggle key={way} on={as === way} onChange={() => setAs(way)}>
              {word}
            </Toggle>
          ))}
        </div>
      }
    >
      {diff.sentences.length === 0 && diff.bump === 'none' ? (
        <p className={styles.soft}>Nothing changes.</p>
      ) : as === 'words' ? (
        <InWords diff={diff} />
      ) : as === 'fields' ? (
        <ByField diff={diff} />
      ) : (
        <AsText diff={diff} />
      )}
    </Section>
  );
}

function Marks({ marks }: { marks: readonly Mark[] }) {
  return marks.map((mark) => {
    const [tone, word] = MARKS[mark];
    return (
      <Word key={mark} tone={tone} size="s">
        {word}
      </Word>
    );
  });
}

function InWords({ diff }: { diff: RegistryDiff }) {
  return (
    <Card flush>
      <ul className={styles.sentences}>
        {diff.sentences.map((one, index) => (
          <li key={index} className={styles.sentence}>
            <span className={styles.said}>
              <Said text={one.text} capital />
            </span>
            <Marks marks={one.marks} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ByField({ diff }: { diff: RegistryDiff }) {
  return (
    <div className={styles.fields}>
      {diff.added.map((one) => (
        <Changed key={`+${one.capability_id}`} name={one.capability_id} how="added" marks={[]}>
          {entryFields(one).map(([field, value]) => (
            <Field key={field} name={field} before={null} after={value} />
          ))}
        </Changed>
      ))}
      {diff.removed.map((one) => (
        <Changed key={`-${one.capability_id}`} name={one.capability_id} how="removed" marks={[]}>
          {entryFields(one).map(([field, value]) => (
            <Field key={field} name={field} before={value} after={null} />
          ))}
        </Changed>
      ))}
      {diff.renamed.map((one) => (
        <Changed
          key={`~${one.to}`}
          name={`${one.from} → ${one.to}`}
          how="looks renamed"
          marks={one.marks}
        >
          <Fields fields={one.fields} />
        </Changed>
      ))}
      {diff.changed.map((one, index) => (
        <Changed key={`=${index}`} name={one.capability_id} how="changed" marks={one.marks}>
          <Fields fields={one.fields} />
        </Changed>
      ))}
      {diff.profiles.map((one) => (
        <Changed
          key={`p${one.profile_id}`}
          name={`profile ${one.profile_id}`}
          how={one.change}
          marks={one.marks}
        >
          {one.description !== null && (
            <Field name="description" before={one.description[0]} after={one.description[1]} />
          )}
          <Lists word="Grants" gained={one.gained} lost={one.lost} />
        </Changed>
      ))}
      {diff.engines.map((one) => (
        <Changed
          key={`e${one.engine_id}`}
          name={`engine ${one.engine_id}`}
          how={one.change}
          marks={one.marks}
        >
          <Lists word="Needs" gained={one.gained} lost={one.lost} />
        </Changed>
      ))}
    </div>
  );
}

function entryFields(entry: object): [string, unknown][] {
  return Object.entries(entry).filter(([field]) => field !== 'capability_id');
}

function Changed({
  name,
  how,
  marks,
  children,
}: {
  name: string;
  how: string;
  marks: readonly Mark[];
  children: ReactNode;
}) {
  return (
    <Card>
      <h3 className={styles.changedHead}>
        <Untrusted text={name} mono />
        <span className={styles.soft}>{how}</span>
        <Marks marks={marks} />
      </h3>
      <dl className={styles.changedFields}>{children}</dl>
    </Card>
  );
}

function Fields({ fields }: { fields: readonly FieldChange[] }) {
  return fields.map((one, index) =>
    one.gained.length + one.lost.length > 0 ? (
      <Lists key={index} word={fieldWord(one.field)} gained={one.gained} lost={one.lost} />
    ) : (
      <Field key={index} name={one.field} before={one.before} after={one.after} />
    ),
  );
}

function Field({ name, before, after }: { name: string; before: unknown; after: unknown }) {
  return (
    <div className={styles.changedField}>
      <dt>
        <Untrusted text={fieldWord(name)} />
      </dt>
      <dd>
        {before !== null && (
          <span className={styles.lost}>
            <span aria-hidden="true">−</span> <span className={styles.unseen}>was</span>{' '}
            <Untrusted text={valueText(before)} />
          </span>
        )}
        {after !== null && (
          <span className={styles.gained}>
            <span aria-hidden="true">+</span> <span className={styles.unseen}>would be</span>{' '}
            <Untrusted text={valueText(after)} />
          </span>
        )}
      </dd>
    </div>
  );
}

function Lists({
  word,
  gained,
  lost,
}: {
  word: string;
  gained: readonly string[];
  lost: readonly string[];
}) {
  return (
    <div className={styles.changedField}>
      <dt>
        <Untrusted text={word} />
      </dt>
      <dd>
        {lost.map((id) => (
          <span key={`-${id}`} className={styles.lost}>
            <span aria-hidden="true">−</span> <span className={styles.unseen}>loses</span>{' '}
            <Untrusted text={id} mono />
          </span>
        ))}
        {gained.map((id) => (
          <span key={`+${id}`} className={styles.gained}>
            <span aria-hidden="true">+</span> <span className={styles.unseen}>gains</span>{' '}
            <Untrusted text={id} mono />
          </span>
        ))}
      </dd>
    </div>
  );
}

function AsText({ diff }: { diff: RegistryDiff }) {
  return (
    <div className={styles.text} tabIndex={0} role="group" aria-label="The diff as text">
      {textDiff(diff).map((part, index) => (
        <pre key={index} className={styles.part}>
          <span className={styles.partHead}>
            @@ <Untrusted text={part.head} />
          </span>
          {part.lines.map((line, at) => (
            <span
              key={at}
              className={
                line.sign === '+' ? styles.plus : line.sign === '-' ? styles.minus : styles.same
              }
            >
              {line.sign} <Untrusted text={line.text} />
            </span>
          ))}
        </pre>
      ))}
    </div>
  );
}
