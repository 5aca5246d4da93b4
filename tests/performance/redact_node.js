// SPDX-License-Identifier: Apache-2.0
// tests/performance/redact: the same plans with Node's JSON.parse and JSON.stringify. usage: PLAN BODY [OUTPUT]; each line
// of standard input asks for one round, as in redact_rounds.h.
'use strict'
const fs = require('fs')
const [plan, path, output] = process.argv.slice(2)

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
function coarse (records) {
  for (const read of most(records).flatMap(record => record.reads)) {
    read.lat = Math.floor(read.lat * 100 + 1e-6) / 100
    read.lon = Math.floor(read.lon * 100 + 1e-6) / 100
  }
  return records
}

function measured (records) {
  const phones = records.map(record => record.owner.phone)
  coarse(records)
  records.forEach(({ owner }, i) => {
    owner.name = '***'
    owner.phone = '***' + phones[i].slice(phones[i].length < 5 ? phones[i].length : -2)
  })
  return records
}

const plans = {
  most,
  few: records => records.map(({ id, status, vehicle: { plate } }) => ({ id, status, vehicle: { plate } })),
  coarse,
  measured,
  dependent: records => most(records.filter(record => record.city === 'Lahore'))
}
const redact = body => Buffer.from(JSON.stringify(plans[plan](JSON.parse(body))))

const body = fs.readFileSync(path)
const before = process.memoryUsage().rss / 1024
fs.writeFileSync(output || '/dev/null', redact(body))
fs.writeSync(1, `growth_kib=${Math.round(process.resourceUsage().maxRSS - before)}\n`)
const repeats = Math.max(1, Math.ceil(4e6 / body.length))
const asked = Buffer.alloc(1)
while (fs.readSync(0, asked) > 0) {
  const start = process.hrtime.bigint()
  const used = process.cpuUsage()
  for (let i = 0; i < repeats; i++) redact(body)
  const { user, system } = process.cpuUsage(used)
  const wall = Number(process.hrtime.bigint() - start) / 1e9 / repeats
  fs.writeSync(1, `wall=${wall} cpu=${(user + system) / 1e6 / repeats}\n`)
}
