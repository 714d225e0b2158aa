import type { ProblemCount } from '../bindings/desk';
import type { Severity as Grade } from '../bindings/types';
import { useAsk } from '../backend/use';
import { count } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Link } from '../shared/Link';
import { Unseen } from '../shared/Live';
import { to } from '../shared/paths';
import { useRoute } from '../shared/route';
import { Severity } from '../shared/Severity';
import styles from './StatusBar.module.css';

const GRADES: readonly Grade[] = ['fatal', 'error', 'warning', 'info', 'hint'];

/** Always there: how many problems of which severity, here and in all; sandbox, registry, version. */
export function StatusBar() {
  const route = useRoute();
  const query = route.screen === 'problems' ? (route.query.get('q') ?? '') : '';
  const counts = useAsk('problemCounts', { query }, { keep: true });
  const state = useAsk('openState', undefined);
  const sandbox = state.data?.sandbox ?? null;
  return (
    <footer className={styles.bar} aria-label="Status">
      <ul className={styles.counts} aria-label="Problems by severity">
        {GRADES.map((grade) => {
          const filtered = sum(counts.data?.matching, grade);
          const total = sum(counts.data?.all, grade);
          return (
            <li key={grade}>
              <Link to={to.problems(`is:open severity:${grade}`)} className={styles.count}>
                <Severity severity={grade} quiet />
                <span className={styles.number}>
                  {filtered === total ? count(total) : `${count(filtered)} / ${count(total)}`}
                </span>
                <Unseen>{filtered === total ? 'problems' : 'problems, filtered of all'}</Unseen>
              </Link>
            </li>
          );
        })}
      </ul>
      <div className={styles.rest}>
        {sandbox !== null && (
          <span
            className={sandbox.level === 'unsandboxed' ? styles.bad : undefined}
            title={sandbox.reason}
          >
            <Icon name={sandbox.level === 'unsandboxed' ? 'alert' : 'exceptions'} size="s" />
            {sandbox.level === 'unsandboxed' ? 'unsandboxed' : 'sandboxed'}
          </span>
        )}
        {state.data !== undefined && (
          <>
            <Link to={to.registry()} className={styles.count}>
              registry {state.data.registry_version}
            </Link>
            <span>mex {state.data.version}</span>
          </>
        )}
      </div>
    </footer>
  );
}

function sum(counts: readonly ProblemCount[] | undefined, grade: Grade): number {
  return (counts ?? []).reduce((all, one) => all + (one.severity === grade ? one.count : 0), 0);
}
