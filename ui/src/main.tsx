// Where the window begins: the backend of this build, what was kept, then the first screen.
import { createRoot } from 'react-dom/client';
import { backend } from '#backend';
import { App } from './app/App';
import './shared/tokens.css';
import './shared/base.css';

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App backend={backend} />);
