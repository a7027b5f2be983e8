// One derivation at full cost, beside the test that wants it.
import { parentPort, workerData } from 'node:worker_threads';

import { argon2id } from '@kronborg/client';

const { password, salt, cost } = workerData;
parentPort.postMessage(await argon2id(password, salt, cost));
