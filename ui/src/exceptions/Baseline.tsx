import { useState } from 'react';
import { useAsk, useBackend } from '../backend/use';
import { Select, Tick } from '../shared/Field';
import { moment } from '../shared/format';
import { visible } from '../shared/untrusted';
import { Acceptance, useAcceptance } from './Acceptance';
import { DraftDialog } from './DraftDialog';

/** Everything a scan found as dated exceptions: what is new from then on stands out. */
export function Baseline({ owner, onClose }: { owner: string; onClose: () => void }) {
  const backend = useBackend();
  const scans = useAsk('scans', { limit: 50 });
  const acceptance = useAcceptance(owner);
  const [chosen, setChosen] = useState('');
  const [gaps, setGaps] = useState(false);
  const ended = (scans.data?.items ?? []).filter((one) => one.state === 'ended');
  const run = chosen === '' ? ended[0]?.run_id : chosen;
  return (
    <DraftDialog
      title="Take a baseline"
      onClose={onClose}
      draft={() => {
        acceptance.setTried(true);
        return acceptance.request === null || run === undefined
          ? null
          : backend.draftBaseline({
              run,
              gaps: gaps ? 'accept' : 'leave',
              acceptance: acceptance.request,
            });
      }}
    >
      <Select label="Scan" value={run ?? ''} onChange={(event) => setChosen(event.target.value)}>
        {ended.map((one) => (
          <option key={one.run_id} value={one.run_id}>
            {visible(one.project)}, {one.mode}, {moment(one.begun_at)}
          </option>
        ))}
      </Select>
      <Tick
        label="Accept its gaps too"
        hint="What was not scanned then counts as accepted until the end, never as clean."
        checked={gaps}
        onChange={() => setGaps(!gaps)}
      />
      <Acceptance of={acceptance} />
    </DraftDialog>
  );
}
