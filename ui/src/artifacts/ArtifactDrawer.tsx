import type { ArtifactDetail, Sidecar } from '../bindings/more';
import { useAsk, useTell } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Button, IconButton } from '../shared/Button';
import { Code } from '../shared/Code';
import { Drawer } from '../shared/Drawer';
import { bytes, counted, day, moment, words } from '../shared/format';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { to } from '../shared/paths';
import { useAnnounce } from '../shared/Live';
import { useToast } from '../shared/Toasts';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { type Tone, Word } from '../shared/Word';
import { laidOut } from './laidOut';
import styles from './Artifacts.module.css';

const STATES: Record<ArtifactDetail['state'], [Tone, string, string]> = {
  intact: ['pass', 'intact', 'its bytes are what the digest says'],
  corrupt: ['block', 'corrupt', 'its bytes are not what the digest says: nothing of it is shown'],
  missing: ['incomplete', 'missing', 'its bytes are gone: purged, or removed from outside'],
};

/** One artifact: whether it is whole, where it comes from, and how its text begins. */
export function ArtifactDrawer({
  id,
  onMove,
  onClose,
}: {
  id: string;
  onMove: (step: number) => void;
  onClose: () => void;
}) {
  const artifact = useAsk('artifact', { id });
  return (
    <Drawer
      title="Artifact"
      onClose={onClose}
      head={
        <>
          <IconButton icon="back" label="Newer artifact" onClick={() => onMove(-1)} />
          <IconButton icon="forward" label="Older artifact" onClick={() => onMove(1)} />
        </>
      }
    >
      <div className={styles.detail}>
        <Answer of={artifact}>{(detail) => <Whole detail={detail} />}</Answer>
      </div>
    </Drawer>
  );
}

function Whole({ detail }: { detail: ArtifactDetail }) {
  const verify = useTell('verifyArtifact');
  const save = useTell('saveArtifact');
  const announce = useAnnounce();
  const toast = useToast();
  const [tone, word, means] = STATES[detail.state];
  const check = () =>
    verify.mutate(
      { id: detail.sha256 },
      {
        onSuccess: (found) =>
          announce(
            found.damaged.length === 0 ? 'The artifact is whole' : 'The artifact is damaged',
          ),
      },
    );
  const put = () =>
    save.mutate(
      { id: detail.sha256 },
      {
        onSuccess: ({ path }) => {
          if (path !== null)
            toast({
              text: (
                <>
                  Written to <Untrusted text={path} mono />
                </>
              ),
              seconds: 6,
            });
        },
      },
    );
  const group = 'Artifacts';
  useAction({ title: 'Verify this artifact', group, keys: 'v', run: check });
  useAction({ title: 'Save this artifact', group, keys: '$mod+KeyS', run: put });
  const refusal = verify.error ?? save.error;
  const damaged = verify.data?.damaged ?? [];
  return (
    <>
      <p className={styles.digest}>
        <code>{detail.sha256}</code>
      </p>
      <p className={styles.state}>
        <Word tone={tone}>{word}</Word>
        <span className={styles.soft}>
          {bytes(detail.size_bytes)}, {means}
        </span>
      </p>
      <p className={styles.state}>
        <Button keys="v" disabled={verify.isPending} onClick={check}>
          Verify
        </Button>
        <Button
          keys="$mod+KeyS"
          disabled={save.isPending || detail.state !== 'intact'}
          onClick={put}
        >
          Save as…
        </Button>
      </p>
      {refusal !== null && <TroubleView refusal={refusal} />}
      {verify.data !== undefined && (
        <p className={styles.state} role="status">
          {damaged.length === 0 && verify.data.intact > 0 ? (
            <Word tone="pass" size="s">
              read and hashed just now: whole
            </Word>
          ) : (
            <Word tone="block" size="s">
              not whole
            </Word>
          )}
          {damaged.map(([digest, why]) => (
            <Untrusted key={digest} text={why} />
          ))}
        </p>
      )}
      {detail.sidecars.map((one, index) => (
        <Origin
          key={index}
          sidecar={one}
          nth={detail.sidecars.length > 1 ? `${index + 1} of ${detail.sidecars.length}` : ''}
        />
      ))}
      <section className={styles.part}>
        <h3>Text</h3>
        {detail.text === null ? (
          <p className={styles.soft}>
            {detail.state === 'intact'
              ? 'It is no text. Save it to look at it with a program of your own.'
              : 'Nothing is shown of what is not whole.'}
          </p>
        ) : (
          <>
            {detail.cut && (
              <p className={styles.soft}>
                Only its beginning is shown: {bytes(new TextEncoder().encode(detail.text).length)}{' '}
                of {bytes(detail.size_bytes)}.
              </p>
            )}
            <Code text={laidOut(detail.text, detail.cut)} label="artifact text" numbers />
          </>
        )}
      </section>
    </>
  );
}

function Origin({ sidecar, nth }: { sidecar: Sidecar; nth: string }) {
  const { artifact, provenance } = sidecar;
  return (
    <section className={styles.part}>
      <h3>Where it comes from {nth !== '' && <span className={styles.soft}>{nth}</span>}</h3>
      <KeyValues
        rows={[
          ['Role', <Untrusted key="role" text={words(artifact.role)} />],
          ['Type', <Untrusted key="type" text={artifact.media_type} mono />],
          ['Stored', moment(sidecar.stored_at)],
          [
            'Cut',
            sidecar.truncated
              ? `at the output limit; there were ${bytes(sidecar.original_bytes)}`
              : null,
          ],
          ...(provenance === null
            ? ([['Brought in', 'by a person, as a document']] as const)
            : ([
                ['Engine', <Untrusted key="engine" text={provenance.engine_id} mono />],
                ['Operation', <Untrusted key="operation" text={provenance.operation} mono />],
                [
                  'Attempt',
                  <Id
                    key="op"
                    id={provenance.op_id}
                    what="gates of"
                    to={to.gates(provenance.op_id)}
                  />,
                ],
                ['Adapter', provenance.adapter_version],
                [
                  'Tools',
                  provenance.tools.length === 0 ? null : (
                    <Untrusted
                      key="tools"
                      text={provenance.tools.map((one) => `${one.name} ${one.version}`).join(', ')}
                    />
                  ),
                ],
                [
                  'Databases',
                  provenance.databases.length === 0 ? null : (
                    <Untrusted
                      key="databases"
                      text={provenance.databases
                        .map((one) => `${one.ecosystem} (${one.form}) of ${day(one.date)}`)
                        .join(', ')}
                    />
                  ),
                ],
                ['Determinism', provenance.determinism],
                [
                  'Sandbox',
                  <Word
                    key="sandbox"
                    tone={provenance.sandbox === 'namespaced' ? 'pass' : 'incomplete'}
                    size="s"
                  >
                    {provenance.sandbox}
                  </Word>,
                ],
                [
                  'Granted',
                  <Untrusted
                    key="granted"
                    text={provenance.capabilities_granted.join(', ')}
                    mono
                  />,
                ],
                ['Registry', provenance.capability_registry_version],
                [
                  'Inputs',
                  provenance.input_sha256.length === 0 ? null : (
                    <span key="inputs" className={styles.ids}>
                      {provenance.input_sha256.slice(0, 6).map((one) => (
                        <Id key={one} id={one} what="input" to={to.artifact(one)} />
                      ))}
                      {provenance.input_sha256.length > 6 &&
                        `and ${counted(provenance.input_sha256.length - 6, 'more', 'more')}`}
                    </span>
                  ),
                ],
                [
                  'Exceptions',
                  provenance.allowlist === null ? null : (
                    <Id
                      key="allowlist"
                      id={provenance.allowlist.sha256}
                      what="allowlist"
                      to={to.artifact(provenance.allowlist.sha256)}
                    />
                  ),
                ],
                ['Configuration', <Id key="config" id={provenance.config_sha256} what="digest" />],
                [
                  'Reused from',
                  provenance.reused_from === null || provenance.reused_from === undefined ? null : (
                    <Id
                      key="reused"
                      id={provenance.reused_from}
                      what="gates of"
                      to={to.gates(provenance.reused_from)}
                    />
                  ),
                ],
              ] as const)),
          ...Object.entries(sidecar.annotations ?? {}).map(
            ([name, value]) => [name, <Untrusted key={name} text={value} />] as const,
          ),
        ]}
      />
    </section>
  );
}
