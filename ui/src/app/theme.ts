// Light, dark, high contrast: what was chosen here, or what the system asks for.
import { useEffect } from 'react';
import type { Theme } from '../bindings/desk';

const MORE = matchMedia('(prefers-contrast: more)');

function show(theme: Theme): void {
  const root = document.documentElement;
  root.dataset['theme'] = theme;
  root.dataset['contrast'] = theme === 'contrast' || MORE.matches ? 'more' : 'usual';
}

export function useTheme(theme: Theme): void {
  useEffect(() => {
    const system = () => show(theme);
    system();
    MORE.addEventListener('change', system);
    return () => MORE.removeEventListener('change', system);
  }, [theme]);
}
