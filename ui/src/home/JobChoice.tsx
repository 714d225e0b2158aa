import { cx } from '../shared/cx';
import { Icon } from '../shared/Icon';
import { JOBS } from '../shared/jobs';
import styles from './JobChoice.module.css';

/** The four jobs, each to be left out. What is left out is a gap of a release, and says so there. */
export function JobChoice({
  jobs,
  onChange,
}: {
  jobs: readonly string[];
  onChange: (jobs: string[]) => void;
}) {
  return (
    <fieldset className={styles.jobs}>
      <legend className={styles.legend}>Jobs</legend>
      {JOBS.map(({ job, title, about, icon }) => {
        const on = jobs.includes(job);
        return (
          <label key={job} className={cx(styles.job, on && styles.on)}>
            <Icon name={icon} />
            <span className={styles.words}>
              <span className={styles.title}>{title}</span>
              <span className={styles.about}>{about}</span>
            </span>
            <input
              type="checkbox"
              className={styles.tick}
              checked={on}
              onChange={() =>
                onChange(
                  JOBS.map((one) => one.job).filter((one) =>
                    one === job ? !on : jobs.includes(one),
                  ),
                )
              }
            />
          </label>
        );
      })}
    </fieldset>
  );
}
