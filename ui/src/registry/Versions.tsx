import { useState } from 'react';
import type { RegistryVersion, RegistryVersions } from '../bindings/more';
import type { Refusal } from '../backend/backend';
import { useAsk, useTell } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextArea, Tick } from '../shared/Field';
import { Id } from '../shared/Id';
import { Link } from '../shared/Link';
import { useAnnounce } from '../shared/Live';
import { to } from '../shared/paths';
import { Said } from '../shared/Said';
import { Section } from '../shared/Screen';
import { Cell, Table } from '../shared/Table';
import { Time } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import styles from './Registry.module.css';

const HOW: Record<NonNullable<RegistryVersion['how']>, string> = {
  reviewed: 'reviewed',
  rolled_back: 'rolled back',
  taken_over: 'taken over from another machine',
  kept: 'kept',
};

/** Every version that was ever in force here; none is ever overwritten. */
export function Versions() {
  const versions = useAsk('registryVersions', undefined);
  const [back, setBack] = useState<RegistryVersion | null>(null);
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label="Versions">
      <Answer of={versions}>
        {(all) => (
          <>
            <Section title="Versions" note={`${all.in_force} is in force, ${all.source}`}>
              <List all={all} onBack={setBack} />
            </Section>
            <p className={styles.soft}>
              This data folder signs its publications with the key{' '}
              <Id id={all.public_key} what="public key" />. Another machine that names it as a
              signer can take a publication over.
            </p>
          </>
        )}
      </Answer>
      {back !== null && <RollBack version={back} onClose={() => setBack(null)} />}
    </div>
  );
}

function List({
  all,
  onBack,
}: {
  all: RegistryVersions;
  onBack: (version: RegistryVersion) => void;
}) {
  if (all.versions.length === 0)
    return <p className={styles.soft}>Nothing was published here: the embedded registry rules.</p>;
  return (
    <Table
      label="Versions of the registry"
      heads={[
        { title: 'Version', tight: true },
        { title: 'State', tight: true },
        { title: 'How', tight: true },
        { title: 'Published' },
        { title: 'SHA-256', tight: true },
        { title: 'Diff', tight: true },
        { title: 'Actions', tight: true, unseen: true },
      ]}
    >
      {all.versions.map((one) => (
        <tr key={one.capability_registry_version}>
          <Cell tight>
            <Link to={to.registry(one.capability_registry_version)}>
              {one.capability_registry_version}
            </Link>
          </Cell>
          <Cell tight>
            {one.state.state === 'unreadable' ? (
              <Word tone="block" size="s">
                unreadable
              </Word>
            ) : one.in_force ? (
              <Word tone="pass" size="s">
                in force
              </Word>
            ) : (
              <Word tone="quiet" size="s">
                older
              </Word>
            )}
          </Cell>
          <Cell tight quiet>
            {HOW[one.how]}
          </Cell>
          <Cell quiet>
            {one.state.state === 'unreadable' ? (
              <Said text={one.state.reason} />
            ) : (
              <>
                <Untrusted text={one.published_by} />, <Time at={one.published_at} />
              </>
            )}
          </Cell>
          <Cell tight>
            <Id id={one.registry_sha256} what="registry digest" />
          </Cell>
          <Cell tight>
            {one.diff_sha256 === null ? (
              '–'
            ) : (
              <Id id={one.diff_sha256} what="diff" to={to.artifact(one.diff_sha256)} />
            )}
          </Cell>
          <Cell acts>
            {!one.in_force && one.state.state === 'intact' && (
              <Button onClick={() => onBack(one)}>Roll back to it…</Button>
            )}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

/** The rights that a refusal says have to be ticked; none where it says none. */
function rightsOf(refusal: Refusal | null): string[] {
  const details = refusal?.details as { rights?: unknown } | null | undefined;
  return Array.isArray(details?.rights)
    ? details.rights.filter((one): one is string => typeof one === 'string')
    : [];
}

function RollBack({ version, onClose }: { version: RegistryVersion; onClose: () => void }) {
  const tell = useTell('rollbackRegistry', [
    'registryVersions',
    'registryView',
    'registryDraft',
    'openState',
  ]);
  const announce = useAnnounce();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const [rights, setRights] = useState<readonly string[]>([]);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const wrong = reason.trim() === '' ? 'Say why: it stands on record.' : undefined;
  const missing = rights.filter((right) => !ticked.has(right)).length;
  const go = () => {
    setTried(true);
    if (wrong !== undefined || missing > 0) return;
    tell.mutate(
      {
        version: version.capability_registry_version,
        reason: reason.trim(),
        ticked: [...ticked],
      },
      {
        onSuccess: (done) => {
          announce(`Registry ${done.capability_registry_version} is in force`);
          onClose();
        },
        // What comes back has to be ticked too: the host says what that is.
        onError: (refusal) => setRights(rightsOf(refusal)),
      },
    );
  };
  const asks = rightsOf(tell.error).length > 0;
  return (
    <Dialog
      title={`Roll back to ${version.capability_registry_version}`}
      onClose={onClose}
      onSubmit={go}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={tell.isPending || missing > 0} onClick={go}>
            Roll back
          </Button>
        </>
      }
    >
      <p>
        It is published again as a new version; the one in force now stays readable. Nothing is
        deleted.
      </p>
      {tell.isError && !asks && <TroubleView refusal={tell.error} />}
      {rights.length > 0 && (
        <fieldset className={styles.back}>
          <legend>These rights come back: tick each</legend>
          {rights.map((right) => (
            <Tick
              key={right}
              label={<Untrusted text={right} mono />}
              checked={ticked.has(right)}
              onChange={() => {
                const next = new Set(ticked);
                if (!next.delete(right)) next.add(right);
                setTicked(next);
              }}
            />
          ))}
        </fieldset>
      )}
      <TextArea
        label="Why"
        value={reason}
        wrong={tried ? wrong : undefined}
        onChange={(event) => setReason(event.target.value)}
      />
    </Dialog>
  );
}
