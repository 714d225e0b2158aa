import styles from './Nav.module.css';

/** The product's mark: a gate that is shut until six say otherwise. */
export function Mark() {
  return (
    <svg className={styles.logo} viewBox="0 0 24 24" aria-hidden="true">
      <rect className={styles.logoGround} width="24" height="24" rx="6" />
      <path
        className={styles.logoInk}
        d="M6 17.500V10a6 6 0 0 1 12 0v7.500M9.200 17.500v-6M12 17.500v-7.500M14.800 17.500v-6"
      />
    </svg>
  );
}
