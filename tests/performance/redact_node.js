// SPDX-License-Identifier: Apache-2.0
// tests/performance/redact: the same plans with Node's JSON.parse and JSON.stringify. usage: PLAN BODY ROUNDS [OUTPUT]
'use strict'
const fs = require('fs')
const [plan, path, rounds, output] = process.argv.slice(2)

function most (records) {
  for (const record of records) {
    delete record.notes
    const owner = record.owner
    delete owner.cnic
    delete owner.phone
    delete owner.email
    delete owner.address.house
    delete owner.address.street
  }
  return records
}
const plans = {
  most,
  few: records => records.map(({ id, status, vehicle: { plate } }) => ({ id, status, vehicle: { plate } })),
  coarse: records => {
    for (const read of most(records).flatMap(record => record.reads)) {
      read.lat = Math.floor(read.lat * 100 + 1e-6) / 100
      read.lon = Math.floor(read.lon * 100 + 1e-6) / 100
    }
    return records
  },
  dependent: records => most(records.filter(record => record.city === 'Lahore'))
}
const redact = body => Buffer.from(JSON.stringify(plans[plan](JSON.parse(body))))

const body = fs.readFileSync(path)
if (output) {
  fs.writeFileSync(output, redact(body))
  process.exit()
}
const before = process.memoryUsage().rss / 1024
const times = []
const repeats = Math.max(1, Math.ceil(4e6 / body.length))
for (let round = 0; round < Number(rounds); round++) {
  const start = process.hrtime.bigint()
  const used = process.cpuUsage()
  for (let i = 0; i < repeats; i++) redact(body)
  const { user, system } = process.cpuUsage(used)
  times.push({ wall: Number(process.hrtime.bigint() - start) / 1e9 / repeats, cpu: (user + system) / 1e6 / repeats })
}
const sorted = key => times.map(time => time[key]).sort((a, b) => a - b)
const middle = Math.floor(times.length / 2)
const growth = Math.round(process.resourceUsage().maxRSS - before)
console.log(`wall=${sorted('wall')[middle]} best=${sorted('wall')[0]} cpu=${sorted('cpu')[middle]} growth_kib=${growth}`)
