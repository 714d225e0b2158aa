import { cx } from '../shared/cx';
import { Icon } from '../shared/Icon';
import { keyWords } from '../shared/Keys';
import { Link } from '../shared/Link';
import { pathOf, useRoute } from '../shared/route';
import { Unseen } from '../shared/Live';
import { Mark } from './Mark';
import { PLACES, placeOf } from './screens';
import styles from './Nav.module.css';

const PARTS = ['Work', 'Evidence', 'Product'] as const;

/** Where everything is. In a small window the icons stay and the words are read out. */
export function Nav() {
  const here = placeOf(useRoute().screen);
  return (
    <nav className={styles.nav} aria-label="Screens">
      <div className={styles.mark}>
        <Mark />
        <span className={styles.word}>mex</span>
      </div>
      {PARTS.map((part) => (
        <div key={part} className={styles.part}>
          <h2 className={styles.title}>{part}</h2>
          <ul>
            {PLACES.filter((place) => place.part === part).map((place) => (
              <li key={place.screen}>
                <span
                  title={`${place.title} (${keyWords(place.keys)
                    .map((press) => press.join('+'))
                    .join(' ')})`}
                >
                  <Link
                    to={pathOf(place.screen)}
                    className={cx(styles.entry, here === place.screen && styles.here)}
                  >
                    <Icon name={place.icon} />
                    <span className={styles.word}>{place.title}</span>
                    <Unseen>{here === place.screen ? `${place.title}, here` : place.title}</Unseen>
                  </Link>
                </span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
