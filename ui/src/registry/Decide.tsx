import { useState } from 'react';
import type { RegistryDraftView } from '../bindings/more';
import { useTell } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { TextArea } from '../shared/Field';
import { counted } from '../shared/format';
import { useAnnounce } from '../shared/Live';
import { to } from '../shared/paths';
import { go } from '../shared/route';
import { useToast } from '../shared/Toasts';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Signing, type Under, underOf, unsigned } from './Signing';
import styles from './Registry.module.css';

const MOST_COMMENT = 4_000;

/** Approve, reject or publish exactly what was shown: the digest sent is the digest on the screen. */
export function Decide({
  what,
  draft,
  review,
  dead,
  ticked,
  under,
  onUnder: setUnder,
  onClose,
}: {
  what: 'approve' | 'reject' | 'publish';
  draft: RegistryDraftView;
  review: RegistryDraftView['review'];
  dead: string | null;
  ticked: readonly string[];
  under: Under;
  onUnder: (change: Partial<Under>) => void;
  onClose: () => void;
}) {
  const decide = useTell('reviewRegistry', ['registryDraft', 'registryVersions']);
  const publish = useTell('publishRegistry', [
    'registryDraft',
    'registryVersions',
    'registryView',
    'openState',
  ]);
  const announce = useAnnounce();
  const toast = useToast();
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const version = draft.diff.next.capability_registry_version;
  const wrong =
    what === 'reject' && comment.trim() === ''
      ? 'A rejection needs a comment: whoever made the draft has to know why.'
      : comment.length > MOST_COMMENT
        ? `At most ${MOST_COMMENT} characters.`
        : what === 'publish'
          ? undefined
          : unsigned(under);
  const pending = decide.isPending || publish.isPending;
  const decision = (to: 'approve' | 'reject') => ({
    diff_sha256: draft.diff_sha256,
    decision: to,
    comment: comment.trim(),
    ticked: [...ticked],
  });
  const send = () => {
    setTried(true);
    if (dead !== null || wrong !== undefined || pending) return;
    if (what === 'publish') {
      if (review.state !== 'approved') return;
      publish.mutate(
        {
          review_id: review.review_sha256,
          policy: under.policy === '' ? null : under.policy,
          signers: under.signers === '' ? null : under.signers,
        },
        {
          onSuccess: (done) => {
            announce(`Registry ${done.capability_registry_version} is in force`);
            toast({ text: `Registry ${done.capability_registry_version} is in force`, seconds: 6 });
            onClose();
            go(to.registry());
          },
        },
      );
      return;
    }
    decide.mutate(
      { ...decision(what), ...underOf(under) },
      {
        onSuccess: () => {
          announce(what === 'approve' ? `${version} is approved` : `${version} is rejected`);
          onClose();
        },
      },
    );
  };
  const titles = {
    approve: `Approve ${version}`,
    reject: `Reject ${version}`,
    publish: `Publish ${version}`,
  };
  const refusal = decide.error ?? publish.error;
  return (
    <Dialog
      title={titles[what]}
      onClose={onClose}
      onSubmit={send}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look={what === 'reject' ? 'danger' : 'primary'}
            disabled={dead !== null || pending}
            onClick={send}
          >
            {what === 'approve' ? 'Approve' : what === 'reject' ? 'Reject' : 'Publish'}
          </Button>
        </>
      }
    >
      {dead !== null && (
        <p className={styles.deadLine} role="alert">
          <Untrusted text={dead} /> Close this and read the draft anew.
        </p>
      )}
      {refusal !== null && <TroubleView refusal={refusal} />}
      {what === 'approve' && (
        <p>
          You approve this diff and no other, with {counted(ticked.length, 'added right')} ticked.
          It is in force only once it is published.
        </p>
      )}
      {what === 'reject' && <p>A rejection is final for this diff. The draft has to change.</p>}
      {what === 'publish' && (
        <p>
          From then on every check is made against it, in this window and on the command line,
          without a restart. Version {draft.diff.base.capability_registry_version} stays readable
          and can be published again.
        </p>
      )}
      <p className={styles.whole}>
        <span className={styles.soft}>diff</span> <code>{draft.diff_sha256}</code>
      </p>
      {what !== 'publish' && (
        <TextArea
          label={what === 'reject' ? 'Why' : 'Comment'}
          value={comment}
          wrong={tried && wrong !== unsigned(under) ? wrong : undefined}
          hint={what === 'approve' ? 'It stands on record with your name.' : undefined}
          onChange={(event) => {
            setComment(event.target.value);
            // A signature is of the words it was made of.
            setUnder({ signature: '' });
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              send();
            }
          }}
        />
      )}
      <Signing
        under={under}
        onChange={setUnder}
        review={what === 'publish' ? null : { ...decision(what), ...underOf(under) }}
        tried={tried}
        open={refusal !== null}
      />
    </Dialog>
  );
}
