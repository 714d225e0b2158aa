import type { Attribution } from '../bindings/more';
import { Untrusted } from '../shared/Untrusted';
import styles from './Reports.module.css';

/** From a direct dependency to the package, one a line. */
export function Path({ path }: { path: readonly string[] }) {
  if (path.length === 0)
    return <p className={styles.soft}>No inventory of this scan says how it came in.</p>;
  return (
    <ol className={styles.path}>
      {path.map((purl, index) => (
        <li key={`${index} ${purl}`} className={styles.step}>
          <Untrusted text={purl} mono />
          {index === 0 && (
            <span className={styles.soft}>
              {path.length === 1 ? 'a direct dependency' : 'direct dependency'}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Which tools said so, and under which id of their own. */
export function Tools({ said }: { said: readonly Attribution[] }) {
  return (
    <section className={styles.part}>
      <h3>Said by</h3>
      {said.length === 0 ? (
        <p className={styles.soft}>No tool: read from the files themselves.</p>
      ) : (
        <ul>
          {said.map((one, index) => (
            <li key={index}>
              <Untrusted text={one.tool} />{' '}
              <span className={styles.soft}>
                as <Untrusted text={one.native_id} mono />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
