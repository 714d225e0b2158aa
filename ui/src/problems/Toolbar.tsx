import type { ProblemField, ProblemSort, SavedView } from '../bindings/desk';
import { useAsk, useTell } from '../backend/use';
import { useState } from 'react';
import { Button } from '../shared/Button';
import { cx } from '../shared/cx';
import { Dialog } from '../shared/Dialog';
import { TextField } from '../shared/Field';
import { Menu } from '../shared/Menu';
import { toggled } from '../shared/queryWords';
import { GROUPS } from './fields';
import styles from './Toolbar.module.css';

const QUICK: readonly (readonly [string, string])[] = [
  ['is:open', 'Open'],
  ['severity:fatal,error', 'Error and fatal'],
  ['new:yes', 'New'],
  ['scan:latest', 'Latest scan'],
];

/** The usual words as buttons, groups, and views that were kept. */
export function Toolbar({
  query,
  sort,
  group,
  onQuery,
  onSort,
  onGroup,
}: {
  query: string;
  sort: ProblemSort;
  group: ProblemField | '';
  onQuery: (query: string) => void;
  onSort: (sort: ProblemSort) => void;
  onGroup: (group: ProblemField | '') => void;
}) {
  const [naming, setNaming] = useState(false);
  const state = useAsk('preferences', undefined);
  const views = state.data?.preferences.saved_views ?? {};
  const save = useTell('savePreferences', ['preferences']);
  const words = query.split(' ');
  const show = (view: SavedView) => {
    onQuery(view.query);
    onSort(view.sort);
    onGroup(view.group_by ?? '');
  };
  return (
    <>
      <div className={styles.quick} role="group" aria-label="Usual filters">
        {QUICK.map(([word, title]) => (
          <button
            key={word}
            type="button"
            aria-pressed={words.includes(word)}
            className={cx(styles.chip, words.includes(word) && styles.on)}
            onClick={() => onQuery(toggled(query, word))}
          >
            {title}
          </button>
        ))}
      </div>
      <Menu
        label={GROUPS.find(([field]) => field === group)?.[1] ?? 'Groups'}
        icon="tree"
        items={GROUPS.map(([field, title]) => ({ title, run: () => onGroup(field) }))}
      />
      <Menu
        label="Views"
        icon="pin"
        items={[
          ...Object.entries(views).map(([name, view]) => ({ title: name, run: () => show(view) })),
          { title: 'Keep this view…', icon: 'plus' as const, run: () => setNaming(true) },
        ]}
      />
      {naming && (
        <NameView
          onClose={() => setNaming(false)}
          onName={(name) => {
            setNaming(false);
            const view: SavedView = { query, sort, group_by: group === '' ? null : group };
            save.mutate({ saved_views: { ...views, [name]: view } });
          }}
        />
      )}
    </>
  );
}

function NameView({ onName, onClose }: { onName: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const submit = () => {
    if (name.trim() !== '') onName(name.trim());
  };
  return (
    <Dialog
      title="Keep this view"
      onClose={onClose}
      onSubmit={submit}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={name.trim() === ''} onClick={submit}>
            Keep
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        hint="Query, order and groups are kept under it."
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </Dialog>
  );
}
