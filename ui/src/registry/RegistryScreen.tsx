import { useAsk } from '../backend/use';
import { useAction } from '../shared/actions';
import { go, pathOf } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Tabs } from '../shared/Tabs';
import { DraftTab } from './DraftTab';
import { InForce } from './InForce';
import { Versions } from './Versions';

type Place = 'in-force' | 'draft' | 'versions';

/** The one source of capability ids: what is in force, what is proposed, what was. */
export function RegistryScreen({ version }: { version: string | undefined }) {
  const draft = useAsk('registryDraft', undefined);
  const place: Place =
    version === 'draft' ? 'draft' : version === 'versions' ? 'versions' : 'in-force';
  const older = place === 'in-force' ? version : undefined;
  const show = (next: Place) => go(pathOf('registry', next === 'in-force' ? [] : [next]));
  const group = 'Registry';
  useAction({ title: 'Show the registry in force', group, run: () => show('in-force') });
  useAction({
    title: 'Review the draft',
    group,
    keys: 'd',
    also: 'diff approve reject',
    run: () => show('draft'),
  });
  useAction({
    title: 'Show the versions',
    group,
    also: 'rollback publish',
    run: () => show('versions'),
  });
  const open = draft.data?.review.state === 'open' ? draft.data.diff.added_rights.length : null;
  return (
    <Screen
      title="Registry"
      about="Which capabilities exist and which profile grants what. Nothing else allows anything."
      scrolls={false}
    >
      <Tabs<Place>
        label="Parts of the registry"
        chosen={place}
        onChoose={show}
        tabs={[
          { key: 'in-force', title: older === undefined ? 'In force' : `Version ${older}` },
          {
            key: 'draft',
            title: 'Draft',
            count: open === null ? undefined : `${open} to tick`,
          },
          { key: 'versions', title: 'Versions' },
        ]}
      >
        {place === 'draft' ? (
          <DraftTab />
        ) : place === 'versions' ? (
          <Versions />
        ) : (
          <InForce key={older ?? ''} version={older} />
        )}
      </Tabs>
    </Screen>
  );
}
