import { useState } from 'react';
import { useAsk, useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Json } from '../shared/Code';
import { useCopy } from '../shared/Copy';
import { Dialog } from '../shared/Dialog';
import { TextArea } from '../shared/Field';
import { count, counted, elapsed, words } from '../shared/format';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { useAnnounce } from '../shared/Live';
import { to } from '../shared/paths';
import { Said } from '../shared/Said';
import { Sentence } from '../shared/Sentence';
import { Skeleton } from '../shared/Skeleton';
import { Cell, Table } from '../shared/Table';
import { useNow } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { Word } from '../shared/Word';
import styles from './Timeline.module.css';

export function Heads({ what, onClose }: { what: 'verify' | 'head'; onClose: () => void }) {
  return what === 'verify' ? <Verify onClose={onClose} /> : <ExportHead onClose={onClose} />;
}

/** Walks the chain; with a head that somebody kept, also finds what was cut off behind it. */
function Verify({ onClose }: { onClose: () => void }) {
  const verify = useTell('verifyRecorder');
  const announce = useAnnounce();
  const [head, setHead] = useState('');
  const report = verify.data;
  const broken = (report?.faults.length ?? 0) > 0;
  const run = () =>
    verify.mutate(
      { head: head.trim() === '' ? null : head.trim() },
      {
        onSuccess: (found) =>
          announce(found.faults.length === 0 ? 'The chain holds' : 'The chain does not hold'),
      },
    );
  return (
    <Dialog
      title="Verify the chain"
      wide={broken}
      onClose={onClose}
      onSubmit={run}
      foot={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" disabled={verify.isPending} onClick={run} autoFocus>
            {report === undefined ? 'Verify' : 'Verify again'}
          </Button>
        </>
      }
    >
      <TextArea
        label="Compare with an exported head"
        rows={3}
        value={head}
        spellCheck={false}
        placeholder="Paste the head here, or leave it empty"
        hint="A head kept elsewhere shows what was cut off or rewritten before it."
        onChange={(event) => setHead(event.target.value)}
      />
      {verify.isPending && <Walking />}
      {verify.isError && <TroubleView refusal={verify.error} />}
      {report !== undefined && (
        <div className={styles.report}>
          <p>
            <Word tone={report.faults.length === 0 ? 'pass' : 'block'} size="l">
              {report.faults.length === 0 ? 'The chain holds' : 'The chain does not hold'}
            </Word>
          </p>
          <KeyValues
            rows={[
              ['Events', `${count(report.events)} ever recorded`],
              [
                'Purged',
                report.purged === 0
                  ? 'none'
                  : `${count(report.purged)}; their digests hold the chain`,
              ],
              ['Ends at', count(report.last_seq)],
              ['Hash there', <Id key="hash" id={report.last_hash} what="hash" />],
              [
                'Head',
                report.head_seq === null
                  ? 'none was compared with'
                  : report.faults.some((fault) => fault.kind === 'head')
                    ? `does not hold at ${count(report.head_seq)}`
                    : `still holds at ${count(report.head_seq)}`,
              ],
            ]}
          />
          {report.faults.length > 0 && (
            <Table
              label="What is wrong, the first bad event first"
              heads={[
                { title: 'Seq', end: true, tight: true },
                { title: 'Event', tight: true },
                { title: 'Kind', tight: true },
                { title: 'Why' },
              ]}
            >
              {report.faults.map((fault, index) => (
                <tr key={index}>
                  <Cell end tight>
                    {fault.seq === null ? '–' : count(fault.seq)}
                  </Cell>
                  <Cell tight>
                    {fault.event_id === null ? (
                      '–'
                    ) : (
                      <Id id={fault.event_id} what="event" to={to.event(fault.event_id)} />
                    )}
                  </Cell>
                  <Cell tight>{words(fault.kind)}</Cell>
                  <Cell>
                    <Said text={fault.why} />
                  </Cell>
                </tr>
              ))}
            </Table>
          )}
          {report.limits.length > 0 && (
            <div className={styles.limits}>
              <h3>What this cannot know</h3>
              <ul>
                {report.limits.map((limit) => (
                  <li key={limit}>
                    <Sentence text={limit} capital />
                  </li>
                ))}
              </ul>
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}

/** How long the chain is and how long it has been walked: it is read whole, in one go. */
function Walking() {
  const now = useNow(250);
  const [begun] = useState(now);
  const end = useAsk('tail', { after_seq: null });
  const long = end.data === undefined ? 'the chain' : counted(end.data.through_seq, 'event');
  return (
    <>
      <p role="timer" aria-label="Walking the chain">
        Walking {long}, {elapsed(now - begun)} so far.
      </p>
      <Skeleton lines={3} label="Walking the chain" />
    </>
  );
}

/** The end of the chain, signed, for somebody else to keep. The export is an event. */
function ExportHead({ onClose }: { onClose: () => void }) {
  const tell = useTell('exportHead', ['events']);
  const copy = useCopy();
  const run = () => tell.mutate(undefined);
  const head = tell.data;
  return (
    <Dialog
      title="Export a signed head"
      onClose={onClose}
      onSubmit={() => (head === undefined ? run() : onClose())}
      foot={
        head === undefined ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" disabled={tell.isPending} onClick={run} autoFocus>
              Export
            </Button>
          </>
        ) : (
          <>
            <Button icon="copy" onClick={() => copy(JSON.stringify(head, null, 2), 'Head')}>
              Copy the head
            </Button>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </>
        )
      }
    >
      <p>
        A head says where the chain ended and is signed. Keep it where nobody who can write this
        data folder can: then what is cut off or rewritten before it is found.
      </p>
      {tell.isError && <TroubleView refusal={tell.error} />}
      {head !== undefined && (
        <>
          <p>
            It stands at {count(head.seq)}, over {counted(head.events, 'event')}. That it was
            exported is recorded.
          </p>
          <Json value={head} label="head" />
        </>
      )}
    </Dialog>
  );
}
