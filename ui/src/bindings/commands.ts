// Every command of the host, as it is generated of the host's own table.
export * from './generated/commands';
