import { useState } from 'react';
import type { AcceptanceRequest, UntilRequest } from '../bindings/more';
import { Select, TextArea, TextField } from '../shared/Field';

const MOST_DAYS = 366;

export interface Form {
  reason: string;
  owner: string;
  /** Days, or a date. */
  until: string;
  approver: string;
}

export const DAYS = ['7', '30', '90', '180'];

/** Until when, of what stands in the field. */
export function untilOf(until: string): UntilRequest | null {
  if (/^\d+$/.test(until)) {
    const days = Number(until);
    return days >= 1 && days <= MOST_DAYS ? { until: 'days', days } : null;
  }
  return /^\d{4}-\d{2}-\d{2}/.test(until) ? { until: 'named', moment: until } : null;
}

export function useAcceptance(owner: string) {
  const [form, setForm] = useState<Form>({ reason: '', owner, until: '30', approver: '' });
  const [tried, setTried] = useState(false);
  const until = untilOf(form.until);
  const wrong = {
    reason: form.reason.trim() === '' ? 'Say why: it stands in every verdict.' : undefined,
    owner: form.owner.trim() === '' ? 'Say who answers for it.' : undefined,
    until: until === null ? 'Give 1 to 366 days, or a date such as 2026-12-31.' : undefined,
  };
  const request: AcceptanceRequest | null =
    until === null || wrong.reason !== undefined || wrong.owner !== undefined
      ? null
      : {
          reason: form.reason.trim(),
          owner: form.owner.trim(),
          until,
          approver: form.approver.trim() === '' ? null : form.approver.trim(),
        };
  return { form, setForm, tried, setTried, wrong, request };
}

/** Why, who, until when. */
export function Acceptance({ of, only }: { of: ReturnType<typeof useAcceptance>; only?: 'end' }) {
  const { form, setForm, tried, wrong } = of;
  const put = (change: Partial<Form>) => setForm({ ...form, ...change });
  const usual = DAYS.includes(form.until);
  return (
    <>
      <TextArea
        label="Why"
        value={form.reason}
        wrong={tried && only === undefined ? wrong.reason : undefined}
        hint={only === 'end' ? 'Empty keeps the reason it has.' : undefined}
        onChange={(event) => put({ reason: event.target.value })}
      />
      {only === undefined && (
        <TextField
          label="Who answers for it"
          value={form.owner}
          wrong={tried ? wrong.owner : undefined}
          onChange={(event) => put({ owner: event.target.value })}
        />
      )}
      <Select
        label="Until"
        value={usual ? form.until : 'date'}
        hint="Then it lifts nothing any more and says so."
        onChange={(event) =>
          put({ until: event.target.value === 'date' ? '' : event.target.value })
        }
      >
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {days} days from now
          </option>
        ))}
        <option value="date">a date, or other days…</option>
      </Select>
      {!usual && (
        <TextField
          label="Date or days"
          value={form.until}
          placeholder="2026-12-31"
          wrong={tried || form.until !== '' ? wrong.until : undefined}
          onChange={(event) => put({ until: event.target.value })}
        />
      )}
      <TextField
        label="Approved by"
        value={form.approver}
        placeholder="who is logged in"
        hint="Another name is marked as only typed; a policy can ask for a signature instead."
        onChange={(event) => put({ approver: event.target.value })}
      />
    </>
  );
}
