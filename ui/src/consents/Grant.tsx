import { useState } from 'react';
import { useAsk, useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { Select, TextArea, TextField } from '../shared/Field';
import { moment } from '../shared/format';
import { useAnnounce } from '../shared/Live';
import { useNow } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { visible } from '../shared/untrusted';

/** The axes that need a consent (contract GATE-3), with everything below them. */
const AXES = ['net.http', 'device', 'secrets.use'];
const USUAL = ['1', '8', '24', '72'];

export function Grant({ onClose }: { onClose: () => void }) {
  const registry = useAsk('registryView', undefined);
  const tell = useTell('grantConsent', ['consents']);
  const announce = useAnnounce();
  const now = useNow();
  const [capability, setCapability] = useState('net.http');
  const [profile, setProfile] = useState('');
  const [hours, setHours] = useState('24');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const asked = Number(hours);
  const ids = (registry.data?.entries ?? [])
    .map((entry) => entry.capability_id)
    .filter((id) =>
      AXES.some(
        (axis) => id === axis || (/^[.:]/.test(id.slice(axis.length)) && id.startsWith(axis)),
      ),
    );
  const wrongHours =
    Number.isInteger(asked) && asked >= 1 && asked <= 8_760
      ? undefined
      : 'Give whole hours, 1 to 8760.';
  const wrongReason = reason.trim() === '' ? 'Say why: it stands on record.' : undefined;
  const send = () => {
    setTried(true);
    if (wrongHours !== undefined || wrongReason !== undefined) return;
    tell.mutate(
      {
        capability,
        profile: profile === '' ? null : profile,
        hours: asked,
        reason: reason.trim(),
      },
      {
        onSuccess: () => {
          announce(`Consent to ${capability} granted`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title="Grant a consent"
      onClose={onClose}
      onSubmit={send}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={tell.isPending} onClick={send}>
            Grant
          </Button>
        </>
      }
    >
      {tell.isError && <TroubleView refusal={tell.error} />}
      <Select
        label="Allows"
        value={capability}
        autoFocus
        onChange={(event) => setCapability(event.target.value)}
        hint="Only what needs a consent is listed. A consent to an axis covers its scopes."
      >
        {(ids.length > 0 ? ids : ['net.http']).map((id) => (
          <option key={id} value={id}>
            {visible(id)}
          </option>
        ))}
      </Select>
      <Select
        label="For"
        value={profile}
        onChange={(event) => setProfile(event.target.value)}
        hint="A profile that does not grant the capability is not widened by a consent."
      >
        <option value="">any profile</option>
        {(registry.data?.profiles ?? []).map((one) => (
          <option key={one.profile_id} value={one.profile_id}>
            {visible(one.profile_id)}
          </option>
        ))}
      </Select>
      <TextField
        label="Hours"
        type="number"
        min={1}
        max={8_760}
        value={hours}
        list="usual-hours"
        wrong={tried ? wrongHours : undefined}
        onChange={(event) => setHours(event.target.value)}
        hint={
          wrongHours === undefined
            ? `It ends ${moment(new Date(now + asked * 3_600_000).toISOString())}, by itself.`
            : undefined
        }
      />
      <datalist id="usual-hours">
        {USUAL.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <TextArea
        label="Why"
        value={reason}
        wrong={tried ? wrongReason : undefined}
        onChange={(event) => setReason(event.target.value)}
      />
    </Dialog>
  );
}
