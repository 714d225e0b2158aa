// Reviews under a signature, and under a policy of one's own (contract REG-5, SC-4). The key stays where it
// is: what is to be signed goes out as a file, and the signature comes back as one.
import { useState } from 'react';
import type { ReviewPayloadRequest, ReviewRegistryRequest } from '../bindings/more';
import type { Refusal } from '../backend/backend';
import { useTell } from '../backend/use';
import { Button, IconButton } from '../shared/Button';
import { Code } from '../shared/Code';
import { CopyButton } from '../shared/Copy';
import { TextField } from '../shared/Field';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import styles from './Registry.module.css';

/** The files a decision is made under; empty where none is named. */
export interface Under {
  policy: string;
  signers: string;
  reviewer: string;
  signature: string;
  /** Somebody wants to sign. */
  signs: boolean;
}

const NOTHING: Under = { policy: '', signers: '', reviewer: '', signature: '', signs: false };

/** What was chosen, for as long as the draft is shown: the host forgets it with the window. */
export function useUnder(): [Under, (change: Partial<Under>) => void] {
  const [under, setUnder] = useState(NOTHING);
  return [under, (change) => setUnder((before) => ({ ...before, ...change }))];
}

/** Why a signed review cannot be sent yet, as one sentence. */
export function unsigned({ signs, reviewer, signers, signature }: Under): string | undefined {
  if (!signs) return undefined;
  if (reviewer.trim() === '') return 'Name who signs, as the allowed-signers file does.';
  if (signers === '')
    return 'No allowed-signers file is known: nobody could tell whose signature it is.';
  if (signature === '') return 'No signature was chosen.';
  return undefined;
}

/** The question as it is sent. */
export function underOf(under: Under): Pick<ReviewRegistryRequest, 'policy' | 'signed'> {
  return {
    policy: under.policy === '' ? null : under.policy,
    signed: under.signs
      ? {
          reviewer: under.reviewer.trim(),
          signature: under.signature,
          signers: under.signers,
        }
      : null,
  };
}

export function Signing({
  under,
  onChange,
  review,
  tried,
  open,
}: {
  under: Under;
  onChange: (change: Partial<Under>) => void;
  /** What would be signed; null where something approved is published. */
  review: ReviewRegistryRequest | null;
  tried: boolean;
  open: boolean;
}) {
  const save = useTell('saveReviewPayload');
  const choose = useTell('chooseFile');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const ask = (purpose: 'policy' | 'signature' | 'signers') => {
    setRefusal(null);
    choose.mutate(
      { purpose },
      {
        onSuccess: ({ path }) => {
          if (path !== null) onChange({ [purpose]: path });
        },
        onError: setRefusal,
      },
    );
  };
  const toSign = () => {
    if (review === null) return;
    setRefusal(null);
    const asked: ReviewPayloadRequest = {
      review: { ...review, signed: null },
      reviewer: under.reviewer.trim(),
    };
    save.mutate(asked, { onError: setRefusal });
  };
  const wrong = tried ? unsigned(under) : undefined;
  const signs = review === null ? under.signers !== '' : under.signs;
  return (
    <details className={styles.signing} open={open || signs || under.policy !== ''}>
      <summary>Policy and signature</summary>
      <div className={styles.signingParts}>
        <File
          label="Policy"
          path={under.policy}
          none="the default: who is logged in reviews"
          onChoose={() => ask('policy')}
          onClear={() => onChange({ policy: '' })}
        />
        <File
          label="Allowed signers"
          path={under.signers}
          none="none: no signature can be judged"
          onChoose={() => ask('signers')}
          onClear={() => onChange({ signers: '' })}
        />
        {review !== null && (
          <>
            <label className={styles.signs}>
              <input
                type="checkbox"
                checked={under.signs}
                onChange={(event) => onChange({ signs: event.target.checked })}
              />
              Review with an SSH signature
            </label>
            {under.signs && (
              <>
                <TextField
                  label="Who signs"
                  hint="as the allowed-signers file names them"
                  value={under.reviewer}
                  onChange={(event) => onChange({ reviewer: event.target.value, signature: '' })}
                />
                <div className={styles.toSign}>
                  <Button
                    icon="open"
                    disabled={save.isPending || under.reviewer.trim() === ''}
                    onClick={toSign}
                  >
                    Save what is to be signed…
                  </Button>
                  <span className={styles.soft}>
                    Decide first: a change of comment or ticks asks for another signature.
                  </span>
                </div>
                {save.data !== undefined && save.data.path !== null && (
                  <div className={styles.command}>
                    <p>
                      Sign it in a terminal, with your own key in place of <code>KEY</code>. mex
                      never sees the key.
                    </p>
                    <div className={styles.commandLine}>
                      <Code text={save.data.command} label="command" />
                      <CopyButton text={save.data.command} what="Command" />
                    </div>
                  </div>
                )}
                <File
                  label="Signature"
                  path={under.signature}
                  none="none was chosen"
                  onChoose={() => ask('signature')}
                  onClear={() => onChange({ signature: '' })}
                />
              </>
            )}
          </>
        )}
        {wrong !== undefined && (
          <p className={styles.deadLine} role="alert">
            {wrong}
          </p>
        )}
        {refusal !== null && <TroubleView refusal={refusal} />}
      </div>
    </details>
  );
}

function File({
  label,
  path,
  none,
  onChoose,
  onClear,
}: {
  label: string;
  path: string;
  none: string;
  onChoose: () => void;
  onClear: () => void;
}) {
  return (
    <div className={styles.file} role="group" aria-label={label}>
      <span className={styles.fileWord}>{label}</span>
      <span className={path === '' ? styles.soft : styles.filePath} title={visible(path)}>
        {path === '' ? none : <Untrusted text={path} mono />}
      </span>
      {path !== '' && (
        <IconButton icon="close" label={`Name no ${label.toLowerCase()}`} onClick={onClear} />
      )}
      <Button onClick={onChoose}>Choose…</Button>
    </div>
  );
}
