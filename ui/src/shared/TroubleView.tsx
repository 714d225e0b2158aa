import type { Refusal } from '../backend/backend';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Icon } from './Icon';
import { Link } from './Link';
import { Json } from './Code';
import { troubleOf } from './trouble';
import { Sentence } from './Sentence';
import styles from './TroubleView.module.css';

/** What went wrong, in place of what should stand there: what, why, what to do, which code. */
export function TroubleView({
  refusal,
  again,
}: {
  refusal: Refusal;
  again?: (() => void) | undefined;
}) {
  const trouble = troubleOf(refusal.code);
  return (
    <section className={styles.trouble} role="alert">
      <Icon name="alert" />
      <div className={styles.text}>
        <h2>{trouble.title}</h2>
        <Words refusal={refusal} means={trouble.means} />
        <div className={styles.acts}>
          {again !== undefined && (
            <Button icon="refresh" onClick={again}>
              Try again
            </Button>
          )}
          {trouble.next !== undefined && <Link to={trouble.next.to}>{trouble.next.word}</Link>}
        </div>
      </div>
    </section>
  );
}

/** The same over everything else, where it was something a person did. */
export function TroubleDialog({
  refusal,
  onClose,
  again,
}: {
  refusal: Refusal;
  onClose: () => void;
  again?: () => void;
}) {
  const trouble = troubleOf(refusal.code);
  return (
    <Dialog
      title={trouble.title}
      tone="trouble"
      onClose={onClose}
      onSubmit={onClose}
      foot={
        <>
          {trouble.next !== undefined && (
            <span className={styles.next} onClickCapture={onClose}>
              <Link to={trouble.next.to}>{trouble.next.word}</Link>
            </span>
          )}
          {again !== undefined && (
            <Button
              icon="refresh"
              onClick={() => {
                onClose();
                again();
              }}
            >
              Try again
            </Button>
          )}
          <Button look="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <Words refusal={refusal} means={trouble.means} />
    </Dialog>
  );
}

function Words({ refusal, means }: { refusal: Refusal; means: string }) {
  return (
    <>
      <p className={styles.message}>
        <Sentence text={refusal.message} capital />
      </p>
      <p className={styles.means}>{means}</p>
      {refusal.hint !== '' && (
        <p className={styles.hint}>
          <strong>What to do:</strong> <Sentence text={refusal.hint} capital />
        </p>
      )}
      <p className={styles.code}>
        <code>{refusal.code}</code>
      </p>
      {refusal.details !== null && refusal.details !== undefined && (
        <details>
          <summary>Details</summary>
          <Json value={refusal.details} label="details" />
        </details>
      )}
    </>
  );
}
