import { useState } from 'react';
import type { Chore } from '../bindings/more';
import { useAsk, useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextField } from '../shared/Field';
import { moment } from '../shared/format';
import { useNow } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import styles from './Tools.module.css';

const WORDS: Record<Chore, { title: string; what: string; go: string; reason: string }> = {
  install_tools: {
    title: 'Install the missing tools',
    what: 'The pinned scanners that are not here are fetched, or built from pinned source. Each is compared with its digest, then the conformance suite runs. That takes minutes.',
    go: 'Install',
    reason: 'install the pinned tools',
  },
  sync_databases: {
    title: 'Fetch the advisory databases',
    what: 'The newest snapshots are fetched, checked for being whole, and stored under their digest. Scans themselves never reach the network.',
    go: 'Fetch',
    reason: 'fetch the advisory databases',
  },
};

/** Before anything leaves this machine: what for, and the consent it needs. */
export function Reach({
  chore,
  onGo,
  onClose,
}: {
  chore: Chore;
  onGo: () => void;
  onClose: () => void;
}) {
  const consents = useAsk('consents', undefined);
  const tell = useTell('grantConsent', ['consents']);
  const now = useNow();
  const [reason, setReason] = useState(WORDS[chore].reason);
  const words = WORDS[chore];
  const live = consents.data?.find(
    (one) =>
      one.capability_id === 'net.http' &&
      one.profile_id === null &&
      one.state === 'live' &&
      new Date(one.expires_at).getTime() > now,
  );
  const wrong = reason.trim() === '' ? 'Say why: it stands on record.' : undefined;
  const go = () => {
    if (live !== undefined) {
      onClose();
      onGo();
      return;
    }
    if (wrong !== undefined) return;
    tell.mutate(
      { capability: 'net.http', profile: null, hours: 1, reason: reason.trim() },
      {
        onSuccess: () => {
          onClose();
          onGo();
        },
      },
    );
  };
  return (
    <Dialog
      title={words.title}
      onClose={onClose}
      onSubmit={go}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={consents.data === undefined || tell.isPending}
            onClick={go}
            autoFocus
          >
            {live === undefined ? `Consent for one hour and ${words.go.toLowerCase()}` : words.go}
          </Button>
        </>
      }
    >
      <p>{words.what}</p>
      {tell.isError && <TroubleView refusal={tell.error} />}
      {consents.isError ? (
        <TroubleView refusal={consents.error} again={() => void consents.refetch()} />
      ) : live === undefined ? (
        <div className={styles.reach}>
          <p>
            This reaches the network, and no consent to <code>net.http</code> is in force. It would
            hold for one hour, for any profile, and can be revoked at any moment.
          </p>
          <TextField
            label="Why"
            value={reason}
            wrong={wrong}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      ) : (
        <p className={styles.reach}>
          This reaches the network. A consent to net.http is in force until{' '}
          {moment(live.expires_at)}.
        </p>
      )}
    </Dialog>
  );
}
