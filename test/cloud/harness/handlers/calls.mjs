// Calls out, as functions do that call strangers: by a name and its addresses, or by any address.
import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { connect } from 'node:net';

const failing = (work) => work.catch(({ code }) => ({ code }));

export const post = ({ url }) =>
  failing(
    new Promise((resolve, reject) => {
      const sending = request(url, { method: 'POST', agent: false, lookup: (name, options, tell) => void lookup(name).then((found) => tell(null, options.all ? found : found[0].address, 4), tell) }, (response) => {
        const { remoteAddress, remotePort } = response.socket;
        response.resume().on('end', () => resolve({ status: response.statusCode, remoteAddress, remotePort }));
      });
      sending.on('error', reject).end('{}');
    }),
  );

export const find = ({ name }) => failing(lookup(name, { all: true }));

export const reach = ({ host, port }) =>
  failing(
    new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => (socket.destroy(), resolve({ reached: true })));
      socket.on('error', reject);
    }),
  );
