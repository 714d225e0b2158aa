import { Refusal } from '../backend/backend';
import { useAsk } from '../backend/use';
import { useLiveScan } from '../shared/LiveScans';
import { Answer } from '../shared/Answer';
import { Screen } from '../shared/Screen';
import { TroubleView } from '../shared/TroubleView';
import { LiveScan } from './LiveScan';
import { OneScan } from './OneScan';
import { ScanList } from './ScanList';

/** All scans, or one: live while it runs, its verdict when it has one. */
export function ScanScreen({ runId }: { runId: string | undefined }) {
  return runId === undefined ? <ScanList /> : <Scan runId={runId} />;
}

function Scan({ runId }: { runId: string }) {
  const live = useLiveScan(runId);
  const running = useAsk('runningScans', undefined);
  const now = running.data?.find((scan) => scan.run_id === runId);
  const view = useAsk('scan', { id: runId }, { off: live !== undefined && live.end === null });
  if (live !== undefined && live.end === null) {
    return (
      <LiveScan
        runId={runId}
        live={live}
        project={now?.project ?? ''}
        mode={now?.mode ?? 'normal'}
      />
    );
  }
  if (view.data !== undefined) return <OneScan view={view.data} live={live} />;
  // It ended before there was anything to record: why is known here, and nothing else is.
  if (view.isError && live?.end?.kind === 'failed') {
    return (
      <Screen title="Scan">
        <TroubleView refusal={new Refusal(live.end.error)} />
      </Screen>
    );
  }
  return (
    <Screen title="Scan">
      <Answer of={view}>{() => null}</Answer>
    </Screen>
  );
}
