-- Append a flush of entries to one partition, all or none, and trim entries that are too old or over the byte limit.
--
-- KEYS  log (stream), head (hash), requests (sorted set: request id -> seq), writer (hash: the last flush of this process)
-- ARGV  epoch that the writer knows, highest seq that it has seen, candidate for a new epoch, time to stamp ("": this
--       server's), age in ms and payload bytes to keep, number of this flush, patience in ms, then for each entry: request
--       id, field suffix ("": plain, "z": packed), value
-- returns {status, epoch, seq, now_ms, bytes, again, seq of each entry ...}; status
--       OK       stored; "again" is 1 when this very flush had been stored before (its reply was lost)
--       EPOCH    the journal is at another epoch: nothing stored
--       REWOUND  the journal has fewer entries than the writer has seen: nothing stored
--       STALE    a later flush of this writer has been stored: nothing stored
--
-- A clock that leaps forward trims nothing by its age until the leap has lasted for the patience, at most twice as long (0:
-- it counts at once).  seen_ms is the time of the last flush; leaps_ms the leaps since since_ms, older_ms those of the
-- period before: neither counts yet.  A pause without flushes looks like a leap: entries are then kept a while longer.
--
-- An entry's id is "<ms>-<seq>"; ms never falls, so that ids ascend whatever the clock does. If ms is not the journal's
-- time, the field t has it. The field's name is the epoch (and "z" when the value is packed). The value begins with seq and
-- ms once more (4 bytes each), so that a copy of an entry under another id is recognised.
-- Requests are looked up before anything is written, so a script that fails in the look-up has written nothing.

local log, head, requests, writer = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local known_epoch, known_seq, candidate = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local max_age, max_bytes, flush, patience = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local leap = math.max(10000, max_age / 10) -- ms between two flushes, beyond which the clock may have leapt

local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local state = redis.call('HMGET', head, 'epoch', 'seq', 'bytes', 'last_ms', 'oldest_ms')
local epoch = state[1]
if not epoch then
  epoch = candidate
  redis.call('DEL', requests)
  redis.call('HSET', head, 'epoch', epoch, 'seq', 0, 'bytes', 0, 'last_ms', 0, 'oldest_ms', 0)
  state = {epoch, 0, 0, 0, 0}
end
local seq, bytes, last_ms, oldest_ms = tonumber(state[2]), tonumber(state[3]), tonumber(state[4]), tonumber(state[5])
if epoch ~= known_epoch then return {'EPOCH', epoch, seq, now, bytes, 0} end
if seq < known_seq then return {'REWOUND', epoch, seq, now, bytes, 0} end

local done = redis.call('HMGET', writer, 'flush', 'seqs')
if done[1] then
  local last = tonumber(done[1])
  if last > flush then return {'STALE', epoch, seq, now, bytes, 0} end
  if last == flush then
    local reply = {'OK', epoch, seq, now, bytes, 1}
    for each in string.gmatch(done[2], '%d+') do reply[#reply + 1] = tonumber(each) end
    return reply
  end
end

local stored, seen, next_seq = {}, {}, seq
for i = 9, #ARGV, 3 do
  local request = ARGV[i]
  local found = request ~= '' and (seen[request] or redis.call('ZSCORE', requests, request))
  if found then
    stored[#stored + 1] = tonumber(found)
  else
    next_seq = next_seq + 1
    stored[#stored + 1] = next_seq
    if request ~= '' then seen[request] = next_seq end
  end
end

-- behind the number a packed value has the length of the payload first; a plain one is the payload
local function payload_bytes(name, value)
  if string.sub(name, -1) == 'z' and #value >= 12 then return (struct.unpack('<I4', value, 9)) end
  return math.max(0, #value - 8)
end

local function add(ms, number, name, value)
  local id = string.format('%.0f-%.0f', ms, number)
  value = struct.pack('<I4I4', number % 2 ^ 32, ms % 2 ^ 32) .. value
  if ms == now then return redis.pcall('XADD', log, id, name, value) end
  return redis.pcall('XADD', log, id, name, value, 't', string.format('%.0f', now))
end

local ms, at = math.max(now, last_ms), seq
for i = 9, #ARGV, 3 do
  if stored[(i - 9) / 3 + 1] == at + 1 then
    local name, value = epoch .. ARGV[i + 1], ARGV[i + 2]
    local added = add(ms, at + 1, name, value)
    if type(added) == 'table' and added.err and string.find(added.err, 'equal or smaller', 1, true) then
      -- another program's entry is the newest of the stream: continue above it
      local top = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
      ms = top[1] and tonumber(string.match(top[1][1], '^(%d+)')) + 1 or 2 ^ 53
      if ms < 2 ^ 52 then added = add(ms, at + 1, name, value) end
    end
    if type(added) == 'table' and added.err then
      if ms >= 2 ^ 52 then -- no greater ids are left: begin an empty stream and a new epoch
        redis.call('DEL', log, head, requests)
        redis.call('HSET', head, 'epoch', candidate, 'seq', 0, 'bytes', 0, 'last_ms', 0, 'oldest_ms', 0)
        return {'EPOCH', candidate, 0, now, 0, 0}
      end
      return added
    end
    at = at + 1
    if ARGV[i] ~= '' then redis.call('ZADD', requests, at, ARGV[i]) end
    bytes = bytes + payload_bytes(name, '01234567' .. value)
  end
end
if at > seq then last_ms = ms end
if oldest_ms == 0 then oldest_ms = last_ms end

local clock = redis.call('HMGET', head, 'seen_ms', 'leaps_ms', 'older_ms', 'since_ms')
local passed = now - (tonumber(clock[1]) or now)
local leaps, older, since = tonumber(clock[2]) or 0, tonumber(clock[3]) or 0, tonumber(clock[4]) or 0
if patience == 0 then
  leaps, older = 0, 0
elseif passed < 0 then -- the clock was set back, perhaps to where it had been
  since = since + passed
  local back = -passed - leaps
  leaps = math.max(0, -back)
  if back > 0 then older = math.max(0, older - back) end
else
  if now - since >= patience then leaps, older, since = 0, leaps, now end
  if passed > leap then leaps = leaps + passed end
end
local horizon = now - leaps - older - max_age

if bytes > max_bytes or oldest_ms < horizon then
  local from, left, keep = '-', 64 + 2 * #stored, nil
  local top = string.format('%.0f-%.0f', last_ms, at)
  while left > 0 and not keep do
    local rows = redis.call('XRANGE', log, from, '+', 'COUNT', 20)
    if #rows == 0 then break end
    for _, row in ipairs(rows) do
      local row_ms = tonumber(string.match(row[1], '^(%d+)'))
      left = left - 1
      if row[1] == top or left <= 0 or (row_ms >= horizon and bytes <= max_bytes) then
        keep, oldest_ms = row[1], row_ms
        break
      end
      local name = row[2][1]
      if string.match(name, '^%x+z?$') then bytes = math.max(0, bytes - payload_bytes(name, row[2][2])) end
      from = '(' .. row[1]
    end
  end
  if keep then
    redis.call('XTRIM', log, 'MINID', keep)
    redis.call('ZREMRANGEBYSCORE', requests, '-inf', '(' .. string.match(keep, '-(%d+)$'))
  end
end

redis.call('HSET', head, 'seq', at, 'bytes', bytes, 'last_ms', string.format('%.0f', last_ms),
  'oldest_ms', string.format('%.0f', oldest_ms), 'seen_ms', string.format('%.0f', now),
  'leaps_ms', string.format('%.0f', leaps), 'older_ms', string.format('%.0f', older),
  'since_ms', string.format('%.0f', since))
redis.call('HSET', writer, 'flush', flush, 'seqs', table.concat(stored, ','))
redis.call('PEXPIRE', writer, 3600000)
local reply = {'OK', epoch, at, now, bytes, 0}
for _, each in ipairs(stored) do reply[#reply + 1] = each end
return reply
