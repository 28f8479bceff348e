// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {PauseGovernor} from "../../../contracts/governance/PauseGovernor.sol";
import {Claim, Ghost, Row} from "./Ghost.sol";
import {vm} from "../support/Vm.sol";

/// @notice Acts of a guardian, captured or not, and of the executive that arms, overrules and replaces.
abstract contract Guards is Ghost {
    mapping(uint256 model => bool) private _spent;
    bool private _haltSpent;
    uint48[] private _uses;
    uint256 private _armedFrom;

    /// @notice The guardian suspends a model; others try to.
    function guard(uint256 seed) external acts("guard", seed) {
        uint256 model = _modelIn(State.Active);
        address who = _chance(85) ? GUARD : STRANGER;
        (done,) = _try(
            who, address(killSwitch), abi.encodeCall(killSwitch.guardianSuspend, (model, keccak256("harm")))
        );
        if (!done) return;
        _claim(who == GUARD && !_spent[model], Claim.NoKey, "a guardian's act was not used up");
        _spent[model] = true;
        _uses.push(uint48(block.timestamp));
        uint256 recent;
        for (uint256 i = _uses.length; i > _armedFrom; --i) {
            if (_uses[i - 1] + GUARDIAN_PERIOD > block.timestamp) ++recent;
        }
        _claim(recent <= GUARDIAN_MODELS, Claim.NoKey, "too many models in one period");
    }

    /// @notice The guardian halts all models.
    function haltAll(uint256 seed) external acts("haltAll", seed) {
        address who = _chance(35) ? GUARD : STRANGER;
        bool halted = killSwitch.haltedUntil() > block.timestamp;
        (done,) = _try(who, address(killSwitch), abi.encodeCall(killSwitch.guardianHalt, ()));
        if (!done) return;
        _claim(who == GUARD && !_haltSpent, Claim.NoKey, "a halt was not used up");
        (_haltSpent, haltIsGuardians) = (true, !halted);
        ++reached[Row.Halted];
        for (uint256 i = 0; i < models.length; ++i) {
            _claim(!killSwitch.isOperational(models[i]), Claim.PolicyFirst, "operational while all are halted");
        }
    }

    /// @notice Governance halts, or ends a halt.
    function decree(uint256 seed) external acts("decree", seed) {
        address who = _chance(20) ? admin : STRANGER;
        uint48 until = _chance(70) ? 0 : uint48(block.timestamp + _roll(1000));
        (done,) = _try(who, address(killSwitch), abi.encodeCall(killSwitch.halt, (until)));
        _claim(!done || who == admin, Claim.NoKey, "a stranger halted");
        if (done) haltIsGuardians = false;
    }

    /// @notice Governance arms the guardian anew.
    function rearm(uint256 seed) external acts("rearm", seed) {
        address who = _chance(15) ? admin : STRANGER;
        (done,) = _try(who, address(killSwitch), abi.encodeCall(killSwitch.rearm, (models)));
        _claim(!done || who == admin, Claim.NoKey, "a stranger armed the guardian");
        if (!done) return;
        (_haltSpent, _armedFrom) = (false, _uses.length);
        // What is left of a halt in force comes on top of the next.
        uint48 until = killSwitch.haltedUntil();
        uint256 rest = haltIsGuardians && until > block.timestamp ? until - block.timestamp : 0;
        haltAllowance = HALT_BUDGET + rest;
        for (uint256 i = 0; i < models.length; ++i) {
            (_spent[models[i]], haltedFor[models[i]]) = (false, 0);
        }
    }

    /// @notice Governance replaces the governor by another; what the old one paused stays resumable.
    function replaceGovernor(uint256 seed) external acts("replaceGovernor", seed) {
        if (!_chance(10)) {
            bytes memory grant = abi.encodeCall(access.grantRole, (PAUSE, STRANGER, 0));
            (done,) = _try(STRANGER, address(access), grant);
            return _claim(!done, Claim.OneHolder, "a stranger granted PAUSE");
        }
        PauseGovernor next = new PauseGovernor(token, killSwitch, registry, admin, _lane());
        vm.startPrank(admin);
        access.revokeRole(PAUSE, address(governor));
        access.grantRole(PAUSE, address(next), 0);
        vm.stopPrank();
        done = true;
        formerGovernors.push(address(governor));
        governor = next;
        next.pushVoteSpan();
    }
}
