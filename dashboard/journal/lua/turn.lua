-- Begin a new epoch because entries were lost, unless another process has done so.
--
-- KEYS  head
-- ARGV  the epoch that has lost entries, the candidate for the new one, the newest seq that both have in common
-- returns 1 if this call began the new epoch
--
-- Numbers continue from the present seq. "from:<epoch>" is the last seq that the old epoch shares with the new one.

local head = KEYS[1]
local epoch, candidate, fork = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HGET', head, 'epoch') ~= epoch then return 0 end
local fields, olds = redis.call('HGETALL', head), {}
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 5) == 'from:' then
    olds[#olds + 1] = fields[i]
    if tonumber(fields[i + 1]) > fork then redis.call('HSET', head, fields[i], fork) end
  end
end
if #olds >= 32 then redis.call('HDEL', head, olds[1]) end
redis.call('HSET', head, 'epoch', candidate, 'from:' .. epoch, fork)
return 1
