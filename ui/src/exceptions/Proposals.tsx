import { useState } from 'react';
import type { Proposal } from '../bindings/more';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Empty } from '../shared/Empty';
import { moment } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { pathOf, swap } from '../shared/route';
import { Said } from '../shared/Said';
import { Cell, Table } from '../shared/Table';
import { Choice } from '../shared/Toolbar';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { AddProposal } from './Add';
import styles from './Exceptions.module.css';

/** What a project carries to speak for itself. None of it is obeyed; a person may accept it. */
export function Proposals({ run: given, owner }: { run: string | undefined; owner: string }) {
  const scans = useAsk('scans', { limit: 50 });
  const ended = (scans.data?.items ?? []).filter((one) => one.state === 'ended');
  const run = given ?? ended[0]?.run_id;
  const proposals = useAsk('proposals', { id: run ?? '' }, { off: run === undefined });
  const [taking, setTaking] = useState<Proposal | null>(null);
  if (scans.data !== undefined && run === undefined) {
    return (
      <Empty
        why="never-scanned"
        title="Nothing was scanned yet"
        act={<Link to={to.home()}>Choose a project to scan</Link>}
      >
        What a project asks to be left out is listed after its first scan.
      </Empty>
    );
  }
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label="Proposals">
      <p className={styles.soft}>
        Ignore files, inline comments and settings of the scanned project. No scanner obeyed them:
        what they ask for counts only once a person accepts it, with a reason and an end.
      </p>
      {ended.length > 1 && (
        <Choice
          label="Of the scan"
          value={run ?? ''}
          options={ended.map(
            (one) => [one.run_id, `${visible(one.project)}, ${moment(one.begun_at)}`] as const,
          )}
          onChange={(next) => swap(pathOf('exceptions', [], { tab: 'proposals', run: next }))}
        />
      )}
      <Answer of={proposals}>
        {(all) =>
          all.length === 0 ? (
            <Empty why="clean" title="The project asks for nothing">
              It carries no configuration that would silence or redirect a scanner.
            </Empty>
          ) : (
            <Table
              label="What the project asks for"
              heads={[
                { title: 'File' },
                { title: 'Tool', tight: true },
                { title: 'Asks' },
                { title: 'Would hide' },
                { title: 'Actions', tight: true, unseen: true },
              ]}
            >
              {all.map((one) => (
                <tr key={one.number}>
                  <Cell>
                    <Untrusted text={one.path} mono />
                  </Cell>
                  <Cell tight>
                    <Untrusted text={one.tool} />
                  </Cell>
                  <Cell>
                    <Said text={one.ask} />
                  </Cell>
                  <Cell quiet>
                    {one.problem === null ? (
                      'nothing of this scan'
                    ) : (
                      <Link to={to.problem(one.problem)}>
                        <Untrusted text={one.subject} />
                      </Link>
                    )}
                  </Cell>
                  <Cell acts>
                    {one.problem !== null && (
                      <Button onClick={() => setTaking(one)}>Accept…</Button>
                    )}
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Answer>
      {taking !== null && run !== undefined && (
        <AddProposal proposal={taking} run={run} owner={owner} onClose={() => setTaking(null)} />
      )}
    </div>
  );
}
