import type { NextStep, ProblemDetail } from '../bindings/desk';
import { Icon, type IconName } from '../shared/Icon';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { pathOf } from '../shared/route';
import { Sentence } from '../shared/Sentence';
import styles from './NextSteps.module.css';

const ICONS: Record<NextStep['kind'], IconName> = {
  mend: 'tools',
  open_file: 'open',
  except: 'exceptions',
  install_tools: 'tools',
  update_database: 'refresh',
  grant_consent: 'consents',
  scan_again: 'scan',
  read: 'timeline',
};

/** Where a step is done, if it is done in this window. */
function placeOf(step: NextStep, detail: ProblemDetail): { word: string; to: string } | null {
  switch (step.kind) {
    case 'except':
      return {
        word: 'Exceptions',
        to: pathOf('exceptions', [], { problem: detail.row.problem.fingerprint }),
      };
    case 'install_tools':
    case 'update_database':
      return { word: 'Tools', to: to.tools() };
    case 'grant_consent':
      return { word: 'Consents', to: to.consents() };
    case 'scan_again':
      return { word: 'Home', to: to.home() };
    case 'read':
      return detail.row.run_id === null ? null : { word: 'Scan', to: to.scan(detail.row.run_id) };
    case 'mend':
    case 'open_file':
      return null;
  }
}

/** What to do, the most useful first. */
export function NextSteps({ detail }: { detail: ProblemDetail }) {
  if (detail.next_steps.length === 0) return <p className={styles.none}>Nothing has to be done.</p>;
  return (
    <ol className={styles.steps}>
      {detail.next_steps.map((step) => {
        const place = placeOf(step, detail);
        return (
          <li key={step.sentence} className={styles.step}>
            <Icon name={ICONS[step.kind]} />
            <span className={styles.sentence}>
              <Sentence text={step.sentence} capital />
            </span>
            {place !== null && (
              <Link to={place.to} className={styles.place}>
                {place.word}
              </Link>
            )}
          </li>
        );
      })}
    </ol>
  );
}
