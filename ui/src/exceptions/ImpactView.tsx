import type { DraftView, ScanImpact } from '../bindings/more';
import { count, counted, day, moment } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Id } from '../shared/Id';
import { to } from '../shared/paths';
import { Said } from '../shared/Said';
import { VulnGrade } from '../shared/Severity';
import { Untrusted } from '../shared/Untrusted';
import { VerdictWord } from '../shared/Word';
import { accepts, HOW } from './words';
import styles from './Exceptions.module.css';

/** What a draft would do, before anything is saved: what it accepts and everything it would hide. */
export function ImpactView({ draft }: { draft: DraftView }) {
  const { impact } = draft;
  const before = impact.scans.filter((one) => one.run_id !== impact.now?.run_id);
  return (
    <>
      <section className={styles.part}>
        <h3>
          {draft.exceptions.length === 1
            ? 'It accepts'
            : `It accepts ${counted(draft.exceptions.length, 'thing')}`}
        </h3>
        <ul className={styles.drafted}>
          {draft.exceptions.map((one) => (
            <li key={one.id}>
              <p>
                <Said text={accepts(one.matches)} capital />
              </p>
              <p className={styles.soft}>
                <Untrusted text={one.id} mono />, until {day(one.expires)}, approved by{' '}
                <Untrusted text={one.approver.name} /> ({HOW[one.approver.how]})
              </p>
            </li>
          ))}
        </ul>
      </section>
      <section className={styles.part}>
        <h3>In the newest scan</h3>
        {impact.now === null ? (
          <p className={styles.soft}>There is none it could be judged on.</p>
        ) : (
          <OneScan scan={impact.now} />
        )}
      </section>
      <section className={styles.part}>
        <h3>In the last {counted(impact.days, 'day')}</h3>
        <p className={styles.soft}>
          {counted(impact.judged, 'scan')} judged again
          {impact.left_out > 0 &&
            `, ${count(impact.left_out)} not: purged in part, or too many`}.{' '}
          {before.length === 0 && 'It would have hidden nothing else.'}
        </p>
        {before.length > 0 && (
          <ul className={styles.scans}>
            {before.map((one) => (
              <li key={one.run_id}>
                <OneScan scan={one} />
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function OneScan({ scan }: { scan: ScanImpact }) {
  return (
    <div className={styles.scan}>
      <p className={styles.scanHead}>
        <VerdictWord verdict={scan.before} size="s" />
        <Icon name="forward" size="s" />
        <VerdictWord verdict={scan.after} size="s" />
        <span className={styles.soft}>
          <Untrusted text={scan.project} />, {scan.mode}, {moment(scan.begun_at)}
        </span>
        <Id id={scan.run_id} what="scan" to={to.scan(scan.run_id)} />
      </p>
      {scan.hides.length === 0 ? (
        <p className={styles.soft}>It hides nothing there.</p>
      ) : (
        <ul className={styles.hides}>
          {scan.hides.map((one, index) => (
            <li key={index}>
              {one.severity === null ? null : <VulnGrade severity={one.severity} />}
              <span>
                <Untrusted text={one.subject} />
              </span>
              <span className={styles.soft}>
                <Untrusted text={one.rule} mono />
              </span>
            </li>
          ))}
        </ul>
      )}
      {scan.unknown_secrets > 0 && (
        <p className={styles.warn}>
          {counted(scan.unknown_secrets, 'secret')} of that scan had no fingerprint under this
          document: whether they would be hidden is not known.
        </p>
      )}
    </div>
  );
}
