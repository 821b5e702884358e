/** The package managers that patchherd speaks. One line each. */
import { apt } from './apt.ts';
import type { Backend } from './backend.ts';

export const backends: readonly Backend[] = [apt];

/** The backend with this id, or undefined. */
export const backendById = (id: string): Backend | undefined => backends.find((backend) => backend.id === id);
