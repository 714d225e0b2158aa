import type { ProblemField } from '../bindings/desk';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { count } from '../shared/format';
import { cx } from '../shared/cx';
import { toggled } from '../shared/queryWords';
import { Severity } from '../shared/Severity';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import styles from './GroupPane.module.css';

/** The values of a field with how many problems each has; choosing one narrows the query to it. */
export function GroupPane({
  field,
  query,
  onQuery,
}: {
  field: ProblemField;
  query: string;
  onQuery: (query: string) => void;
}) {
  // Without its own words, so that the other groups stay in sight.
  const words = query.split(' ').filter(Boolean);
  const rest = words.filter((word) => !word.startsWith(`${field}:`)).join(' ');
  const facets = useAsk('problemFacets', { query: rest, field }, { keep: true });
  return (
    <section className={styles.pane} aria-label={`Groups by ${field}`} tabIndex={0}>
      <Answer of={facets}>
        {({ values, more, without }) => (
          <ul>
            {values.map((facet) => {
              const on = words.includes(facet.term);
              return (
                <li key={facet.value}>
                  <button
                    type="button"
                    aria-pressed={on}
                    className={cx(styles.group, on && styles.on)}
                    title={visible(facet.value)}
                    onClick={() => onQuery(on ? rest : toggled(rest, facet.term))}
                  >
                    <span className={styles.worst}>
                      <Severity severity={facet.worst} quiet />
                    </span>
                    <span className={styles.value}>
                      <Untrusted text={facet.value} />
                    </span>
                    <span className={styles.count}>{count(facet.count)}</span>
                  </button>
                </li>
              );
            })}
            {without > 0 && (
              <li>
                <button
                  type="button"
                  className={styles.group}
                  onClick={() => onQuery(toggled(rest, `no:${field}`))}
                >
                  <span className={styles.value}>without {field}</span>
                  <span className={styles.count}>{count(without)}</span>
                </button>
              </li>
            )}
            {more && <li className={styles.more}>and more: narrow the query</li>}
          </ul>
        )}
      </Answer>
    </section>
  );
}
