// The backend this build was made with; vite.config.ts says which.
declare module '#backend' {
  export const backend: import('./backend').Commands;
}
