import type { UseQueryResult } from '@tanstack/react-query';
import type { RecentProject } from '../bindings/desk';
import type { Refusal } from '../backend/backend';
import { useTell } from '../backend/use';
import { Answer } from '../shared/Answer';
import { IconButton } from '../shared/Button';
import { Card } from '../shared/Card';
import { cx } from '../shared/cx';
import { Empty } from '../shared/Empty';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Section } from '../shared/Screen';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { VerdictWord, Word } from '../shared/Word';
import styles from './RecentProjects.module.css';

/** Projects that were scanned, the newest first; a folder that is gone says so. */
export function RecentProjects({
  recent,
  chosen,
  onChoose,
}: {
  recent: UseQueryResult<RecentProject[], Refusal>;
  chosen: string;
  onChoose: (path: string) => void;
}) {
  return (
    <Section title="Recent projects">
      <Answer of={recent}>
        {(projects) =>
          projects.length === 0 ? (
            <Card>
              <Empty why="never-scanned" title="Nothing was scanned here yet">
                Projects stand here after their first scan, with their last verdict.
              </Empty>
            </Card>
          ) : (
            <Card flush>
              <ul>
                {projects.map((project) => (
                  <Project
                    key={project.path}
                    project={project}
                    chosen={chosen === project.path}
                    onChoose={onChoose}
                  />
                ))}
              </ul>
            </Card>
          )
        }
      </Answer>
    </Section>
  );
}

function Project({
  project,
  chosen,
  onChoose,
}: {
  project: RecentProject;
  chosen: boolean;
  onChoose: (path: string) => void;
}) {
  const forget = useTell('forgetProject', ['recentProjects']);
  const { last_scan: last } = project;
  return (
    <li className={cx(styles.project, chosen && styles.chosen)}>
      <button
        type="button"
        className={styles.choose}
        disabled={project.missing}
        aria-pressed={chosen}
        onClick={() => onChoose(project.path)}
      >
        <span className={styles.name}>
          <Untrusted text={project.name} />
        </span>
        <span className={styles.path} title={visible(project.path)}>
          <Untrusted text={project.path} mono />
        </span>
      </button>
      <div className={styles.last}>
        {project.missing ? (
          <Word tone="incomplete" size="s">
            folder is missing
          </Word>
        ) : last.verdict !== null ? (
          <Link
            to={to.scan(last.run_id)}
            label={`Last scan of ${visible(project.name)}: ${last.verdict}`}
          >
            <VerdictWord verdict={last.verdict} size="s" />
          </Link>
        ) : (
          <Word tone="quiet" size="s">
            no verdict
          </Word>
        )}
        <span className={styles.when}>
          <Time at={last.at} />
          {last.mode === 'release' && ', release'}
        </span>
      </div>
      <IconButton
        icon="close"
        label={`Take ${visible(project.name)} off this list`}
        onClick={() => forget.mutate({ path: project.path })}
      />
    </li>
  );
}
