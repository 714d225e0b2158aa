import { useAsk } from '../backend/use';
import { Button } from '../shared/Button';
import { useTakeIn } from '../shared/Imports';
import { Screen, Section } from '../shared/Screen';
import { pathOf, swap, useRoute } from '../shared/route';
import { FirstRun } from './FirstRun';
import { RecentProjects } from './RecentProjects';
import { ScanForm } from './ScanForm';
import styles from './HomeScreen.module.css';

/** Where the window begins: scan a project, or go on with one. */
export function HomeScreen() {
  const state = useAsk('openState', undefined);
  const recent = useAsk('recentProjects', undefined);
  const takeIn = useTakeIn();
  const given = useRoute().query.get('project');
  const newest = recent.data?.find((project) => !project.missing)?.path;
  const path = given ?? newest ?? '';
  // The address is the choice: a folder that is dropped or handed over later takes its place.
  const choose = (project: string) => swap(pathOf('home', [], { project }));
  const first = state.data?.first_run === true;
  return (
    <Screen
      title={first ? 'Welcome to mex' : 'Home'}
      about={
        first
          ? 'Six gates between a project and its release. Nothing is clean that was not looked at.'
          : 'Scan a project, or go on where you were.'
      }
      actions={
        <Button icon="plus" onClick={() => takeIn()}>
          Take in a report…
        </Button>
      }
    >
      <div className={styles.columns}>
        <div className={styles.column}>
          {first && <FirstRun />}
          <Section title="Scan a project">
            <ScanForm key={path} path={path} onPath={choose} />
          </Section>
        </div>
        <RecentProjects recent={recent} chosen={path} onChoose={choose} />
      </div>
    </Screen>
  );
}
