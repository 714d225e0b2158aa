import { useMemo, useRef, useState } from 'react';
import type { CapabilityEntry, RegistryView } from '../bindings/more';
import { useAsk } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Drawer } from '../shared/Drawer';
import { Empty } from '../shared/Empty';
import { count, counted } from '../shared/format';
import { type Column, Grid, type GridHandle } from '../shared/Grid';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { Search } from '../shared/Search';
import { Choice, Toolbar } from '../shared/Toolbar';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { MODES, RISKS } from './words';
import styles from './Registry.module.css';

const COLUMNS: readonly Column<CapabilityEntry>[] = [
  {
    key: 'id',
    title: 'Capability',
    width: 'l',
    cell: (row) => <Untrusted text={row.capability_id} mono />,
  },
  {
    key: 'name',
    title: 'Name',
    width: 'rest',
    cell: (row) => <Untrusted text={row.display_name} />,
  },
  { key: 'kind', title: 'Kind', width: 'm', cell: (row) => row.kind },
  {
    key: 'risk',
    title: 'Risk',
    width: 'm',
    cell: (row) => {
      const [tone, word] = RISKS[row.risk_class];
      return (
        <Word tone={tone} size="s">
          {word}
        </Word>
      );
    },
  },
  {
    key: 'mode',
    title: 'Watched',
    width: 'xl',
    cell: (row) => <span className={styles.soft}>{MODES[row.default_governance_mode]}</span>,
  },
];
const FEW = COLUMNS.filter((column) => ['id', 'risk'].includes(column.key));

/** The registry in force, or an older version of it. */
export function InForce({ version }: { version: string | undefined }) {
  const now = useAsk('registryView', undefined, { off: version !== undefined });
  const older = useAsk(
    'registryVersion',
    { version: version ?? '' },
    { off: version === undefined },
  );
  return (
    <Answer of={version === undefined ? now : older}>{(view) => <Entries view={view} />}</Answer>
  );
}

function Entries({ view }: { view: RegistryView }) {
  const grid = useRef<GridHandle>(null);
  const line = useRef<{ focus: () => void }>(null);
  const [words, setWords] = useState('');
  const [profile, setProfile] = useState('');
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState<CapabilityEntry | null>(null);
  useAction({
    title: 'Search the registry',
    group: 'Registry',
    keys: '/',
    run: () => line.current?.focus(),
  });
  const grants = view.profiles.find((one) => one.profile_id === profile)?.capabilities;
  const found = useMemo(() => {
    const all = words.toLowerCase().split(/\s+/).filter(Boolean);
    return view.entries.filter(
      (one) =>
        (grants === undefined || covers(grants, one.capability_id)) &&
        all.every((word) => JSON.stringify(one).toLowerCase().includes(word)),
    );
  }, [view, words, grants]);
  const who = (id: string) =>
    view.profiles.filter((one) => covers(one.capabilities, id)).map((one) => one.profile_id);
  return (
    <>
      <Toolbar
        end={
          <>
            <span>
              {found.length === view.entries.length
                ? counted(view.entries.length, 'capability', 'capabilities')
                : `${count(found.length)} of ${count(view.entries.length)}`}
            </span>
            <span>version {view.capability_registry_version}</span>
            <span>
              <Untrusted text={view.source} />
            </span>
            <Id id={view.sha256} what="registry digest" />
          </>
        }
      >
        <Search ref={line} label="Search capabilities" value={words} onChange={setWords} />
        {view.profiles.length > 0 && (
          <Choice
            label="Granted by"
            value={profile}
            options={[
              ['', 'anyone or no one'],
              ...view.profiles.map((one) => [one.profile_id, one.profile_id] as const),
            ]}
            onChange={setProfile}
          />
        )}
      </Toolbar>
      <div className={styles.split}>
        {found.length === 0 ? (
          <Empty
            why="filtered-out"
            title="No capability is like this"
            act={
              <Button
                onClick={() => {
                  setWords('');
                  setProfile('');
                }}
              >
                Show all
              </Button>
            }
          >
            The registry has {counted(view.entries.length, 'capability', 'capabilities')}.
          </Empty>
        ) : (
          <Grid
            ref={grid}
            label="Capabilities"
            columns={open === null ? COLUMNS : FEW}
            count={found.length}
            row={(index) => found[index]}
            keyOf={(row) => row.capability_id}
            active={Math.min(active, found.length - 1)}
            onActive={(index) => {
              setActive(index);
              const row = found[index];
              if (open !== null && row !== undefined) setOpen(row);
            }}
            onOpen={setOpen}
          />
        )}
        {open !== null && (
          <Drawer
            title="Capability"
            onClose={() => {
              setOpen(null);
              grid.current?.focus();
            }}
          >
            <div className={styles.entry}>
              <h3>
                <Untrusted text={open.capability_id} mono />
              </h3>
              <p>
                <Untrusted text={open.display_name} />
              </p>
              <KeyValues
                rows={[
                  ['Kind', open.kind],
                  [
                    'Risk',
                    <Word key="risk" tone={RISKS[open.risk_class][0]} size="s">
                      {RISKS[open.risk_class][1]}
                    </Word>,
                  ],
                  ['Watched', MODES[open.default_governance_mode]],
                  ['Defined in', <Untrusted key="ref" text={open.section_ref} mono />],
                  [
                    'Needs',
                    open.required_capabilities.length === 0 ? (
                      'nothing'
                    ) : (
                      <Ids key="needs" ids={open.required_capabilities} />
                    ),
                  ],
                  [
                    'Granted by',
                    who(open.capability_id).length === 0 ? (
                      'no profile'
                    ) : (
                      <Ids key="who" ids={who(open.capability_id)} />
                    ),
                  ],
                  ['Tags', open.tags.length === 0 ? null : <Ids key="tags" ids={open.tags} />],
                ]}
              />
            </div>
          </Drawer>
        )}
      </div>
    </>
  );
}

export function Ids({ ids }: { ids: readonly string[] }) {
  return (
    <ul className={styles.ids}>
      {ids.map((id) => (
        <li key={id}>
          <Untrusted text={id} mono />
        </li>
      ))}
    </ul>
  );
}

/** A grant of an axis covers its scopes (contract CAP-1). For reading; what is allowed the host says. */
function covers(grants: readonly string[], id: string): boolean {
  return grants.some((grant) => grant === id || id.startsWith(`${grant}:`));
}
