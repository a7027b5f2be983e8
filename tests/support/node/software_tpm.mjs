// A TPM 2.0 in software for a test: swtpm behind a socket that listens before anybody connects.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = `
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1] + '/socket')
server.listen(8)
os.set_inheritable(server.fileno(), True)
print('listening', flush=True)
nowhere = os.open('/dev/null', os.O_WRONLY)
os.dup2(nowhere, 1)
os.dup2(nowhere, 2)
os.execvp('swtpm', ['swtpm', 'socket', '--tpm2', '--server', f'type=unixio,fd={server.fileno()}',
                    '--tpmstate', 'dir=' + sys.argv[1], '--flags', 'not-need-init,startup-clear'])
`;

export class SoftwareTpm {
  /** In a folder of its own; with `folder` the same TPM after a restart. */
  static async start(folder = mkdtempSync(join(tmpdir(), 'kronborg-tpm-'))) {
    const tpm = new SoftwareTpm();
    tpm.folder = folder;
    tpm.path = join(folder, 'socket');
    rmSync(tpm.path, { force: true });
    tpm.process = spawn('python3', ['-c', program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    tpm.exited = new Promise((resolve) => tpm.process.on('exit', resolve));
    await new Promise((resolve, reject) => {
      tpm.process.stdout.once('data', resolve);
      tpm.process.on('exit', () => reject(new Error('swtpm (Debian package swtpm) is needed')));
    });
    return tpm;
  }

  async stop() {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
