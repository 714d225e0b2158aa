import { type ReactNode, useState } from 'react';
import type { ConsentEntry } from '../bindings/more';
import { useAsk } from '../backend/use';
import { useAction } from '../shared/actions';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Empty } from '../shared/Empty';
import { Id } from '../shared/Id';
import { Said } from '../shared/Said';
import { Screen, Section } from '../shared/Screen';
import { Cell, Table } from '../shared/Table';
import { Time, useNow } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { Grant } from './Grant';
import { left } from './left';
import { Revoke } from './Revoke';

/** What a person allowed for a time: network, devices, stored secrets. Nothing of it lasts by itself. */
export function ConsentsScreen() {
  const consents = useAsk('consents', undefined);
  const [open, setOpen] = useState<'grant' | ConsentEntry | null>(null);
  const grant = () => setOpen('grant');
  useAction({
    title: 'Grant a consent',
    group: 'Consents',
    keys: 'n',
    also: 'allow network',
    run: grant,
  });
  return (
    <Screen
      title="Consents"
      about="Network, devices and stored secrets are used only where somebody said so, and only until then."
      actions={
        <Button look="primary" icon="plus" keys="n" onClick={grant}>
          Grant a consent
        </Button>
      }
    >
      <Answer of={consents}>
        {(all) =>
          all.length === 0 ? (
            <Empty
              why="nothing-yet"
              title="Nobody has consented to anything"
              act={
                <Button look="primary" icon="plus" onClick={grant}>
                  Grant a consent
                </Button>
              }
            >
              A scan needs none. Fetching advisory databases and installing tools need{' '}
              <code>net.http</code>.
            </Empty>
          ) : (
            <Lists all={all} onRevoke={setOpen} />
          )
        }
      </Answer>
      {open === 'grant' && <Grant onClose={() => setOpen(null)} />}
      {open !== null && open !== 'grant' && <Revoke consent={open} onClose={() => setOpen(null)} />}
    </Screen>
  );
}

function Lists({
  all,
  onRevoke,
}: {
  all: readonly ConsentEntry[];
  onRevoke: (consent: ConsentEntry) => void;
}) {
  const now = useNow(60_000);
  // What ended since the answer came is ended: the host decides, this only shows.
  const isLive = (one: ConsentEntry) =>
    one.state === 'live' && new Date(one.expires_at).getTime() > now;
  const live = all.filter(isLive);
  const ended = all.filter((one) => !isLive(one));
  return (
    <>
      <Section
        title="In force"
        note={live.length === 0 ? 'none: nothing may reach the network' : ''}
      >
        {live.length > 0 && (
          <Consents
            label="Consents in force"
            heads={['Allows', 'Ends']}
            consents={live}
            state={(one) => (
              <Word tone="pass" size="s">
                {left(one.expires_at, now)}
              </Word>
            )}
            onRevoke={onRevoke}
          />
        )}
      </Section>
      {ended.length > 0 && (
        <Section title="Ended" note="kept on record; they allow nothing">
          <Consents
            label="Consents that ended"
            heads={['Allowed', 'How it ended']}
            consents={ended}
            state={(one) => (
              <Word tone="quiet" size="s">
                {one.state === 'revoked' ? 'revoked' : 'expired'}
              </Word>
            )}
          />
        </Section>
      )}
    </>
  );
}

/** One line a consent; what can be revoked has the button for it. */
function Consents({
  label,
  heads: [allows, ends],
  consents,
  state,
  onRevoke,
}: {
  label: string;
  /** What the first column is called, and the one of how it stands. */
  heads: readonly [string, string];
  consents: readonly ConsentEntry[];
  state: (consent: ConsentEntry) => ReactNode;
  onRevoke?: (consent: ConsentEntry) => void;
}) {
  const heads = [
    { title: allows },
    { title: 'For' },
    { title: ends, tight: true },
    { title: 'Why' },
    { title: 'Granted', tight: true },
    { title: 'Id', tight: true },
    ...(onRevoke === undefined ? [] : [{ title: 'Actions', tight: true, unseen: true }]),
  ];
  return (
    <Table label={label} heads={heads}>
      {consents.map((one) => (
        <tr key={one.consent_id}>
          <Cell tight>
            <Untrusted text={one.capability_id} mono />
          </Cell>
          <Cell tight>{who(one)}</Cell>
          <Cell tight>{state(one)}</Cell>
          <Cell quiet>
            <Said text={one.reason} />
          </Cell>
          <Cell quiet tight>
            <Untrusted text={one.granted_by} />, <Time at={one.granted_at} />
          </Cell>
          <Cell tight>
            <Id id={one.consent_id} what="consent" />
          </Cell>
          {onRevoke !== undefined && (
            <Cell acts>
              <Button look="danger" onClick={() => onRevoke(one)}>
                Revoke
              </Button>
            </Cell>
          )}
        </tr>
      ))}
    </Table>
  );
}

function who(one: ConsentEntry) {
  return one.profile_id === null ? 'any profile' : <Untrusted text={one.profile_id} mono />;
}
