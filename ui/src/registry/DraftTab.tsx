// Long because a review is one conversation: what is read, what is ticked, what is decided.
import { useState } from 'react';
import type { RegistryDraftView } from '../bindings/more';
import { useAction } from '../shared/actions';
import { Button } from '../shared/Button';
import { Card } from '../shared/Card';
import { Empty } from '../shared/Empty';
import { Tick } from '../shared/Field';
import { count, counted } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Id } from '../shared/Id';
import { Said } from '../shared/Said';
import { Section } from '../shared/Screen';
import { Sentence } from '../shared/Sentence';
import { Skeleton } from '../shared/Skeleton';
import { Time } from '../shared/Time';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { Changes } from './Changes';
import { Decide } from './Decide';
import { ImpactPart } from './ImpactPart';
import { useUnder } from './Signing';
import { useDraft } from './useDraft';
import { BUMPS } from './words';
import styles from './Registry.module.css';

/** The draft's review: read it, tick each right, decide. Dead the moment it is no longer the draft. */
export function DraftTab() {
  const { shown, life, review, readAnew, asked } = useDraft();
  if (shown === undefined) {
    if (asked.isError)
      return <TroubleView refusal={asked.error} again={() => void asked.refetch()} />;
    return <Skeleton lines={10} />;
  }
  if (shown === null) {
    return (
      <Empty why="nothing-yet" title="There is no draft to review">
        A draft is made from the specification: <code>mex registry build</code> reads it, checks it
        and compares it with what is in force. It is shown here then.
      </Empty>
    );
  }
  return (
    <Review
      key={shown.diff_sha256}
      draft={shown}
      dead={life.alive ? null : life.why}
      review={review}
      onReadAnew={readAnew}
    />
  );
}

function Review({
  draft,
  dead,
  review,
  onReadAnew,
}: {
  draft: RegistryDraftView;
  dead: string | null;
  review: RegistryDraftView['review'];
  onReadAnew: () => void;
}) {
  const { diff } = draft;
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [under, setUnder] = useUnder();
  const [deciding, setDeciding] = useState<'approve' | 'reject' | 'publish' | null>(null);
  const rights = diff.added_rights;
  const left = rights.filter((right) => !ticked.has(right.right_id)).length;
  const open = review.state === 'open' && dead === null;
  const sound = draft.validation.length === 0;
  const mayApprove = open && left === 0 && sound;
  const tick = (id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    setTicked(next);
  };
  const group = 'Registry';
  useAction(
    mayApprove
      ? {
          title: `Approve ${diff.next.capability_registry_version}`,
          group,
          keys: '$mod+Enter',
          run: () => setDeciding('approve'),
        }
      : undefined,
  );
  useAction(
    open ? { title: 'Reject the draft', group, run: () => setDeciding('reject') } : undefined,
  );
  return (
    <>
      <div className={styles.scroll} tabIndex={0} role="group" aria-label="The draft">
        {dead !== null && review.state !== 'rejected' && (
          <div className={styles.dead} role="alert">
            <Icon name="alert" />
            <div className={styles.deadWords}>
              <h2>This is no longer the draft</h2>
              <p>
                <Sentence text={dead} /> Nothing that you see here can be approved.
              </p>
            </div>
            <Button look="primary" icon="refresh" onClick={onReadAnew}>
              Read the draft anew
            </Button>
          </div>
        )}
        <header className={styles.draftHead}>
          <p className={styles.versions}>
            <span>{diff.base.capability_registry_version}</span>
            <Icon name="forward" />
            <strong>{diff.next.capability_registry_version}</strong>
            <ReviewWord review={review} dead={dead} />
          </p>
          <p className={styles.facts}>
            <span>{BUMPS[diff.bump]}</span>
            <span>
              drafted by{' '}
              {draft.drafted_by === null ? (
                'nobody on record'
              ) : (
                <Untrusted text={draft.drafted_by} />
              )}
              , compared <Time at={draft.diffed_at} />
            </span>
            <span className={styles.digest}>
              diff <Id id={draft.diff_sha256} what="diff digest" />
            </span>
          </p>
        </header>
        <div className={styles.columns}>
          <div className={styles.main}>
            <Changes diff={diff} />
            <Section
              title="Rights that are added"
              note={
                rights.length === 0
                  ? 'none'
                  : left === 0
                    ? 'all ticked'
                    : `${count(rights.length - left)} of ${count(rights.length)} ticked`
              }
            >
              {rights.length === 0 ? (
                <p className={styles.soft}>Nobody can do more than before.</p>
              ) : (
                <Card flush>
                  <ul className={styles.rights}>
                    {rights.map((right) => (
                      <li key={right.right_id} className={styles.right}>
                        <Tick
                          label={<Said text={right.sentence} capital />}
                          checked={ticked.has(right.right_id)}
                          disabled={!open}
                          onChange={() => tick(right.right_id)}
                        />
                        <span className={styles.rightMarks}>
                          {right.widens.length > 0 && (
                            <Word tone="incomplete" size="s">
                              right widened
                            </Word>
                          )}
                          {right.covered_by !== null && (
                            <span className={styles.soft}>
                              covered by <Untrusted text={right.covered_by} mono /> already
                            </span>
                          )}
                        </span>
                      </li>
                    ))}
                  </ul>
                </Card>
              )}
            </Section>
          </div>
          <aside className={styles.aside} aria-label="Beside the diff">
            <Section title="Validation">
              {sound ? (
                <p className={styles.sound}>
                  <Word tone="pass" size="s">
                    valid
                  </Word>
                  <span>every rule holds, and every engine’s needs are covered</span>
                </p>
              ) : (
                <ul className={styles.broken}>
                  {draft.validation.map((one) => (
                    <li key={one}>
                      <Icon name="alert" size="s" /> <Sentence text={one} capital />
                    </li>
                  ))}
                </ul>
              )}
            </Section>
            <ImpactPart impact={draft.impact} />
          </aside>
        </div>
      </div>
      <footer className={styles.foot} aria-label="Decision">
        <p className={styles.footWords} role="status">
          {footWords({ review, dead, sound, left, rights: rights.length })}
        </p>
        {review.state === 'approved' && dead === null ? (
          <Button look="primary" onClick={() => setDeciding('publish')}>
            Publish {diff.next.capability_registry_version}…
          </Button>
        ) : (
          <>
            <Button look="danger" disabled={!open} onClick={() => setDeciding('reject')}>
              Reject…
            </Button>
            <Button
              look="primary"
              keys="$mod+Enter"
              disabled={!mayApprove}
              onClick={() => setDeciding('approve')}
            >
              Approve {diff.next.capability_registry_version}…
            </Button>
          </>
        )}
      </footer>
      {deciding !== null && (
        <Decide
          what={deciding}
          draft={draft}
          review={review}
          dead={dead}
          ticked={rights.map((right) => right.right_id).filter((id) => ticked.has(id))}
          under={under}
          onUnder={setUnder}
          onClose={() => setDeciding(null)}
        />
      )}
    </>
  );
}

function footWords({
  review,
  dead,
  sound,
  left,
  rights,
}: {
  review: RegistryDraftView['review'];
  dead: string | null;
  sound: boolean;
  left: number;
  rights: number;
}) {
  if (review.state === 'rejected')
    return (
      <>
        Rejected by <Untrusted text={review.reviewer_id} />: <Untrusted text={review.comment} />. A
        rejection is final; the draft has to change.
      </>
    );
  if (dead !== null) return 'Nothing can be decided about what is no longer the draft.';
  if (review.state === 'approved')
    return (
      <>
        Approved by <Untrusted text={review.reviewer_id} />. It is in force once it is published.
      </>
    );
  if (!sound) return 'A draft that breaks a rule cannot be approved.';
  if (left > 0)
    return `${counted(left, 'added right')} of ${count(rights)} not ticked yet: each is approved on its own.`;
  return rights === 0 ? 'No right is added.' : 'Every added right is ticked.';
}

function ReviewWord({
  review,
  dead,
}: {
  review: RegistryDraftView['review'];
  dead: string | null;
}) {
  if (review.state === 'rejected') return <Word tone="denied">rejected</Word>;
  if (dead !== null) return <Word tone="quiet">dead</Word>;
  return review.state === 'approved' ? (
    <Word tone="pass">approved</Word>
  ) : (
    <Word tone="incomplete">not reviewed</Word>
  );
}
