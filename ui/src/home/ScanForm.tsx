import { useState } from 'react';
import { Refusal } from '../backend/backend';
import { useAsk, useTell } from '../backend/use';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { TextField, Tick } from '../shared/Field';
import { Icon } from '../shared/Icon';
import { JOBS } from '../shared/jobs';
import { useKept } from '../shared/kept';
import { useStartScan } from '../shared/LiveScans';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { Switch } from '../shared/Switch';
import { TroubleDialog } from '../shared/TroubleView';
import { JobChoice } from './JobChoice';
import { Folder } from './Folder';
import styles from './ScanForm.module.css';

const ALL = JOBS.map((one) => one.job);
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** Which folder, which jobs, what for; then the one button. */
export function ScanForm({ path, onPath }: { path: string; onPath: (path: string) => void }) {
  const [typed, setTyped] = useState(path);
  const [jobs, setJobs] = useKept('home.jobs', ALL, isNames);
  const [release, setRelease] = useKept('home.release', false);
  const [fresh, setFresh] = useState(false);
  const [history, setHistory] = useKept('home.history', false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [beginning, setBeginning] = useState(false);
  const start = useStartScan();
  const choose = useTell('chooseFolder');
  const folder = useAsk('inspectFolder', { path }, { off: path === '' });
  const scannable =
    path !== '' &&
    folder.data?.exists !== false &&
    (folder.data?.problem ?? '') === '' &&
    jobs.length > 0;

  const scan = () => {
    if (!scannable || beginning) return;
    setBeginning(true);
    start({
      path,
      jobs: jobs.length === ALL.length ? [] : jobs,
      mode: release ? 'release' : 'normal',
      freshness: fresh ? 'fresh' : 'reuse',
      history: history ? 'search' : 'ignore',
    }).then(
      (runId) => go(to.scan(runId)),
      (thrown: unknown) => {
        setBeginning(false);
        setRefusal(Refusal.of(thrown));
      },
    );
  };
  const pick = () =>
    choose.mutate(undefined, {
      onSuccess: (chosen) => {
        if (chosen.path !== null) onPath(chosen.path);
      },
      onError: setRefusal,
    });
  useAction({
    title: 'Scan the chosen project',
    group: 'Scan',
    keys: '$mod+Enter',
    whileTyping: true,
    run: scan,
  });
  useAction({ title: 'Choose a project folder', group: 'Scan', keys: '$mod+KeyO', run: pick });

  return (
    <Card>
      <div className={styles.folder}>
        <div className={styles.path}>
          <TextField
            label="Project folder"
            placeholder="/path/to/project"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={() => onPath(typed.trim())}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.ctrlKey) onPath(typed.trim());
            }}
          />
        </div>
        <Button icon="folder" keys="$mod+KeyO" onClick={pick}>
          Choose…
        </Button>
      </div>
      <Folder path={path} view={folder} />
      <JobChoice jobs={jobs} onChange={setJobs} />
      <Switch
        label="For a release"
        about={
          release
            ? 'Findings of the release rules block; whatever was left out, is too old or ran without a sandbox is a gap.'
            : 'To know: findings become problems and block nothing.'
        }
        on={release}
        onChange={setRelease}
      />
      <details className={styles.more}>
        <summary>More</summary>
        <div className={styles.ticks}>
          <Tick
            label="Run every tool again"
            hint="what did not change is otherwise taken from the last scan and marked reused"
            checked={fresh}
            onChange={(event) => setFresh(event.target.checked)}
          />
          <Tick
            label="Search the git history for secrets"
            hint="every commit that a branch or tag reaches; takes longer"
            checked={history}
            onChange={(event) => setHistory(event.target.checked)}
          />
        </div>
      </details>
      <div className={styles.go}>
        <Button
          look="primary"
          icon="play"
          keys="$mod+Enter"
          disabled={!scannable || beginning}
          onClick={scan}
        >
          {release ? 'Scan for a release' : 'Scan'}
        </Button>
        <span className={styles.drop}>
          <Icon name="folder" size="s" />
          or drop a folder on the window
        </span>
      </div>
      {refusal !== null && (
        <TroubleDialog refusal={refusal} onClose={() => setRefusal(null)} again={scan} />
      )}
    </Card>
  );
}
