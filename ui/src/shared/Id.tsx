import { useCopy } from './Copy';
import { short } from './format';
import { Link } from './Link';
import styles from './Id.module.css';

/** An id by its beginning: goes where it stands, or copies the whole of it. */
export function Id({ id, what, to }: { id: string; what: string; to?: string }) {
  const copy = useCopy();
  const text = <code>{short(id)}</code>;
  return to === undefined ? (
    <button
      type="button"
      className={styles.id}
      title={`${id}: copy`}
      aria-label={`Copy ${what} ${short(id)}`}
      onClick={() => copy(id, what)}
    >
      {text}
    </button>
  ) : (
    <Link to={to} className={styles.id} label={`${what} ${short(id)}`}>
      {text}
    </Link>
  );
}
