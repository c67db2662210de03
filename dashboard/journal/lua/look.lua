-- Return where a partition stands; an empty partition begins its first epoch.
--
-- KEYS  log, head
-- ARGV  candidate for a new epoch, then ids of entries that the reader has read, oldest first
-- returns {epoch, seq, bytes, now_ms, oldest id or "", last id or "0-0", how many of the reader's ids are stored (from the
--          first on), then the head's other fields ("from:<epoch>", seq) ...}
--
-- Two copies of a journal are equal up to some entry and differ after it: bisection finds that entry. Trimmed entries
-- count as stored.

local log, head = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not redis.call('HGET', head, 'epoch') then
  redis.call('HSET', head, 'epoch', ARGV[1], 'seq', 0, 'bytes', 0, 'last_ms', 0, 'oldest_ms', 0)
end
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)

-- Return how many of ARGV[2 ...], from the first on, fulfil the condition.
local function first_ones(low, is_so)
  local high = #ARGV - 1
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if is_so(ARGV[middle + 1]) then low = middle else high = middle - 1 end
  end
  return low
end

local oldest_ms = oldest[1] and tonumber(string.match(oldest[1][1], '^(%d+)')) or math.huge
local common = first_ones(0, function(id) return tonumber(string.match(id, '^(%d+)')) < oldest_ms end)
common = first_ones(common, function(id) return #redis.call('XRANGE', log, id, id) == 1 end)

local fields, found = redis.call('HGETALL', head), {}
local reply = {'', 0, 0, now, oldest[1] and oldest[1][1] or '', last[1] and last[1][1] or '0-0', common}
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'epoch' then reply[1] = value
  elseif name == 'seq' then reply[2] = tonumber(value)
  elseif name == 'bytes' then reply[3] = tonumber(value)
  elseif string.sub(name, 1, 5) == 'from:' then
    found[#found + 1] = name
    found[#found + 1] = value
  end
end
for _, each in ipairs(found) do reply[#reply + 1] = each end
return reply
